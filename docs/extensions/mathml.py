"""Formulas as MathML, which browsers draw by themselves; MathJax would come from the network."""

from __future__ import annotations

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer`` chooses it."""
    from docutils import nodes
    from docutils.utils.math.latex2mathml import tex2mathml

    def inline(writer: Any, node: Any) -> None:
        writer.body.append(tex2mathml(node.astext()))
        raise nodes.SkipNode

    def block(writer: Any, node: Any) -> None:
        writer.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
        raise nodes.SkipNode

    app.add_html_math_renderer('mathml', (inline, None), (block, None))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
