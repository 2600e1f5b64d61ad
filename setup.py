"""Packaging: one package, with configs/ and tools/ inside the wheel."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r"'(.+)'", (HERE / 'mmpretrain_mlml/version.py').read_text()).group(1)


def inside_wheel(folder: str) -> dict[str, str]:
    """Package names of a folder and the folders in it, such as mmpretrain_mlml.configs."""
    found = [HERE / folder, *(path for path in (HERE / folder).rglob('*') if path.is_dir())]
    folders = [path.relative_to(HERE) for path in found if path.name != '__pycache__']
    return {'.'.join(('mmpretrain_mlml', *path.parts)): path.as_posix() for path in folders}


SHIPPED = {**inside_wheel('configs'), **inside_wheel('tools')}

PARTS = [
    'timm>=1.0', 'torchvision>=0.21', 'rich', 'matplotlib', 'joblib', 'scikit-learn>=1.3',
    'setuptools',  # MMEngine imports distutils, which Python 3.12 no longer has
]  # fmt: skip
OPENMMLAB = ['mmengine==0.10.7', 'mmcv-lite>=2.2,<2.3', 'mmpretrain==1.2.0', *PARTS]
ONEDL = ['onedl-mmengine>=0.10.12', 'onedl-mmcv>=2.3.6', 'onedl-mmpretrain>=1.3.6', *PARTS]
EXPORT = ['safetensors', 'onnx', 'onnxscript', 'onnxruntime']
TEST = ['hypothesis', *EXPORT, 'pytest>=8', 'pytest-xdist', 'pycocotools', 'build', 'setuptools>=77', 'wheel']

setup(
    name='mmpretrain_mlml',
    version=VERSION,
    description='Multi-label training on incomplete labels (Hill, SPLC) inside MMPretrain',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE'],
    packages=[*find_packages(include=['mmpretrain_mlml', 'mmpretrain_mlml.*']), *SHIPPED],
    package_dir=SHIPPED,
    package_data={'mmpretrain_mlml': ['py.typed'], 'mmpretrain_mlml.tools': ['*.sh']},
    python_requires='>=3.10,<3.14',
    install_requires=['torch>=2.6', 'numpy>=1.23'],
    extras_require={
        'openmmlab': OPENMMLAB,
        'onedl': ONEDL,
        'export': EXPORT,
        'test': TEST,
        'dev': [*TEST, 'tensorboard', 'ruff', 'mypy', 'pre-commit'],
    },
)
