"""Any network of timm as a backbone."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS


@MODELS.register_module()
class TimmFeatures(BaseBackbone):
    """A network of timm up to its classifier: one vector an image, pooled as timm does it.

    MMPretrain's ``TIMMBackbone`` takes the pooling off, too. It suits networks whose features are maps
    (N, C, H, W); those of others are tokens (N, L, C) or maps (N, H, W, C), and some have layers
    between pooling and classifier. This class works alike for all of them, with ``neck=None``.

    Args:
        model_name: Name of a network of timm, with or without the tag of its weights.
        pretrained: Whether to load pretrained weights.
        in_channels: Number of channels of the images.
        init_cfg: As for MMEngine's ``BaseModule``.
        **kwargs: As for ``timm.create_model``, such as ``img_size``;
            ``pretrained_cfg_overlay=dict(file='weights.safetensors')`` takes pretrained weights from
            a file.

    Raises:
        ImportError: If timm is not installed.
        RuntimeError: If timm has no such network, or its weights cannot be downloaded.
    """

    def __init__(
        self,
        model_name: str,
        pretrained: bool = False,
        in_channels: int = 3,
        init_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        import timm

        super().__init__(init_cfg)
        options = {'pretrained': pretrained, 'in_chans': in_channels, 'num_classes': 0, **kwargs}
        try:
            self.timm_model = timm.create_model(model_name, **options)
        except OSError as error:
            if not pretrained or 'pretrained_cfg_overlay' in kwargs:  # of a file that is given
                raise
            raise RuntimeError(
                f'could not download the weights of {model_name} ({error}). Without a network, give a '
                'local file (--cfg-options model.backbone.pretrained_cfg_overlay.file=FILE), or train '
                'from scratch (--cfg-options model.backbone.pretrained=False)'
            ) from error
        if pretrained:
            self._is_init = True  # otherwise MMEngine would initialise the layers again

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        """Return the features, a tuple of one tensor (N, D).

        Args:
            images: Images, (N, C, H, W).
        """
        return (self.timm_model(images),)
