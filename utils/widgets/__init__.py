"""The course's widgets: live in Jupyter through anywidget, and on the book's pages through `_static/widgets/host.mjs`.

The modules in `_static/widgets/` are the same in both places. A widget is the value of its cell; its stored output is
the HTML that the page shows until the widget starts, or without JavaScript, and nbval compares it.
"""

from .base import MODELS, MODULES, ModelWidget, Widget, module, palette_css
from .digit_canvas import DigitCanvas
from .labs import LabelLab, LogitLab
from .loss_meaning import LossMeaning
from .pixel_explorer import PixelExplorer, scene_facts
from .writer import Writer

__all__ = [
    "MODELS",
    "MODULES",
    "DigitCanvas",
    "LabelLab",
    "LogitLab",
    "LossMeaning",
    "ModelWidget",
    "PixelExplorer",
    "Widget",
    "Writer",
    "module",
    "palette_css",
    "scene_facts",
]
