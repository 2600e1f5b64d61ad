"""What packaging needs code for: configs/ and tools/ go into the wheel, inside the package.

All metadata is in pyproject.toml.
"""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def inside_wheel(folder: str) -> dict[str, str]:
    """Map package names such as ``mmpretrain_mlml.configs`` to `folder` and the folders in it."""
    folders = [HERE / folder, *(path for path in (HERE / folder).rglob('*') if path.is_dir())]
    relative = [path.relative_to(HERE) for path in folders if path.name != '__pycache__']
    return {'.'.join(('mmpretrain_mlml', *path.parts)): path.as_posix() for path in relative}


SHIPPED = {**inside_wheel('configs'), **inside_wheel('tools')}

setup(
    packages=[*find_packages(include=['mmpretrain_mlml', 'mmpretrain_mlml.*']), *SHIPPED],
    package_dir=SHIPPED,
    package_data={
        'mmpretrain_mlml': ['py.typed'],
        'mmpretrain_mlml.audit.review_page': ['page.*', '*.js'],
        'mmpretrain_mlml.pages': ['*.css', '*.html'],
        'mmpretrain_mlml.tools': ['*.sh'],
        'mmpretrain_mlml.visualization.error_gallery': ['gallery.*'],
    },
)
