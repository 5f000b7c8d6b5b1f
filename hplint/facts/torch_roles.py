"""Which classes of ``torch.nn`` do what, by their short names: they hold weights, drop values, normalise, only compute.

Read off torch 2.13 by constructing each class; older names are kept where torch still has them.
"""

from __future__ import annotations

from collections.abc import Iterable


def _each(stems: str, dimensions: Iterable[str] = ("1d", "2d", "3d")) -> frozenset[str]:
    return frozenset(stem + dimension for stem in stems.split() for dimension in dimensions)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DROPOUT = frozenset({"Dropout", "AlphaDropout", "FeatureAlphaDropout"}) | _each("Dropout")
"""Layers that zero values at random while ``training`` is true. Their probability is called ``p``."""

FUNCTIONAL_DROPOUT = frozenset(
    {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"}
)
"""The same as functions of ``torch.nn.functional``."""

BATCH_NORMS = _each("BatchNorm LazyBatchNorm") | {"SyncBatchNorm"}
"""Layers with running statistics of the batch and, unless told otherwise, weights."""

INSTANCE_NORMS = _each("InstanceNorm LazyInstanceNorm")
"""Layers that hold nothing unless ``affine`` or ``track_running_stats`` is given."""

OTHER_NORMS = frozenset({"LayerNorm", "GroupNorm", "RMSNorm"})
"""Layers that normalise each sample and hold weights unless told otherwise."""

NORMS = BATCH_NORMS | INSTANCE_NORMS | OTHER_NORMS | {"LocalResponseNorm", "CrossMapLRN2d"}

RECURRENT = frozenset({"RNN", "LSTM", "GRU"})
"""Stacks of recurrent layers: they take ``num_layers`` and ``dropout``."""

WEIGHT_LAYERS = (
    _each("Conv ConvTranspose LazyConv LazyConvTranspose")
    | RECURRENT
    | frozenset(
        {
            "AdaptiveLogSoftmaxWithLoss",
            "Bilinear",
            "Embedding",
            "EmbeddingBag",
            "GRUCell",
            "LSTMCell",
            "LazyLinear",
            "Linear",
            "LinearCrossEntropyLoss",
            "MultiheadAttention",
            "RNNBase",
            "RNNCell",
            "RNNCellBase",
            "Transformer",
            "TransformerDecoder",
            "TransformerDecoderLayer",
            "TransformerEncoder",
            "TransformerEncoderLayer",
        }
    )
)
"""Layers whose weights start at random numbers (or are copied from such a layer)."""

PARAMETRIC = WEIGHT_LAYERS | BATCH_NORMS | OTHER_NORMS | {"PReLU"}
"""Layers that hold parameters when they are constructed with their defaults."""

LINEAR_OR_CONVOLUTION = _each("Conv LazyConv") | {"Linear", "LazyLinear"}

MODULE_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
"""Modules that register what they are given."""

FUNCTION_OF_ACTIVATION = {
    "CELU": "celu",
    "ELU": "elu",
    "GELU": "gelu",
    "GLU": "glu",
    "Hardshrink": "hardshrink",
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "Hardtanh": "hardtanh",
    "LeakyReLU": "leaky_relu",
    "LogSigmoid": "logsigmoid",
    "LogSoftmax": "log_softmax",
    "Mish": "mish",
    "RReLU": "rrelu",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softmin": "softmin",
    "Softplus": "softplus",
    "Softshrink": "softshrink",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "Tanhshrink": "tanhshrink",
}
"""Activations whose constructor takes options, never a tensor; for each its function in ``torch.nn.functional``."""

ACTIVATION_OF_FUNCTION = {function: name for name, function in FUNCTION_OF_ACTIVATION.items()}

NEEDS_DIMENSION = frozenset({"LogSoftmax", "Softmax", "Softmin"})
"""Activations that should be told along which dimension they work."""

LOSSES = frozenset(
    {
        "BCELoss",
        "BCEWithLogitsLoss",
        "CTCLoss",
        "CosineEmbeddingLoss",
        "CrossEntropyLoss",
        "GaussianNLLLoss",
        "HingeEmbeddingLoss",
        "HuberLoss",
        "KLDivLoss",
        "L1Loss",
        "MSELoss",
        "MarginRankingLoss",
        "MultiLabelMarginLoss",
        "MultiLabelSoftMarginLoss",
        "MultiMarginLoss",
        "NLLLoss",
        "NLLLoss2d",
        "PoissonNLLLoss",
        "SmoothL1Loss",
        "SoftMarginLoss",
        "TripletMarginLoss",
        "TripletMarginWithDistanceLoss",
    }
)

_WITHOUT_PARAMETERS = (
    _each(
        "AdaptiveAvgPool AdaptiveMaxPool AvgPool CircularPad ConstantPad LPPool MaxPool MaxUnpool ReflectionPad "
        "ReplicationPad ZeroPad"
    )
    | _each("FractionalMaxPool", ("2d", "3d"))
    | frozenset(
        {
            "ChannelShuffle",
            "CosineSimilarity",
            "Flatten",
            "Fold",
            "Identity",
            "PairwiseDistance",
            "PixelShuffle",
            "PixelUnshuffle",
            "Softmax2d",
            "Threshold",
            "Unflatten",
            "Unfold",
            "Upsample",
            "UpsamplingBilinear2d",
            "UpsamplingNearest2d",
        }
    )
)

MODULES = (
    PARAMETRIC
    | DROPOUT
    | NORMS
    | MODULE_CONTAINERS
    | LOSSES
    | frozenset(FUNCTION_OF_ACTIVATION)
    | _WITHOUT_PARAMETERS
    | {"Container", "DataParallel", "Module", "ParameterDict", "ParameterList"}
)
"""Every public class of ``torch.nn`` that is a module."""

LIGHTNING_MODULES = frozenset(
    {
        "lightning.LightningModule",
        "lightning.pytorch.LightningModule",
        "lightning.pytorch.core.LightningModule",
        "pytorch_lightning.LightningModule",
        "pytorch_lightning.core.LightningModule",
    }
)

OTHER_MODULES = frozenset(
    {
        "torch.jit.ScriptModule",
        "torch.nn.parallel.DistributedDataParallel",
        "torch_geometric.nn.MessagePassing",
        "transformers.PreTrainedModel",
    }
)
"""Modules of other libraries that projects derive from. What they bring along is not known here."""

PLAIN_BASES = frozenset({"abc.ABC", "object", "typing.Generic", "typing.Protocol"})
"""Bases that bring no attribute along."""

MODULE_ATTRIBUTES = _words(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type xpu zero_grad
    """
)
"""Public attributes that every ``torch.nn.Module`` has."""

LIGHTNING_ATTRIBUTES = _words(
    """
    CHECKPOINT_HYPER_PARAMS_KEY CHECKPOINT_HYPER_PARAMS_NAME CHECKPOINT_HYPER_PARAMS_TYPE all_gather
    allow_zero_length_dataloader_with_multiple_devices automatic_optimization backward clip_gradients
    configure_callbacks configure_gradient_clipping configure_model configure_optimizers configure_sharded_model
    current_epoch device device_mesh dtype example_input_array fabric freeze from_compiled global_rank global_step
    hparams hparams_initial load_from_checkpoint local_rank log log_dict log_grad_norm logger loggers lr_scheduler_step
    lr_schedulers manual_backward on_after_backward on_after_batch_transfer on_before_backward
    on_before_batch_transfer on_before_optimizer_step on_before_zero_grad on_fit_end on_fit_start on_gpu
    on_load_checkpoint on_predict_batch_end on_predict_batch_start on_predict_end on_predict_epoch_end
    on_predict_epoch_start on_predict_model_eval on_predict_start on_save_checkpoint on_test_batch_end
    on_test_batch_start on_test_end on_test_epoch_end on_test_epoch_start on_test_model_eval on_test_model_train
    on_test_start on_train_batch_end on_train_batch_start on_train_end on_train_epoch_end on_train_epoch_start
    on_train_start on_validation_batch_end on_validation_batch_start on_validation_end on_validation_epoch_end
    on_validation_epoch_start on_validation_model_eval on_validation_model_train on_validation_model_zero_grad
    on_validation_start optimizer_step optimizer_zero_grad optimizers precision predict_dataloader predict_step
    prepare_data prepare_data_per_node print save_hyperparameters setup strict_loading tbptt_split_batch teardown
    test_dataloader test_epoch_end test_step test_step_end to_onnx to_torchscript to_uncompiled toggle_optimizer
    toggled_optimizer train_dataloader trainer training_epoch_end training_step training_step_end
    transfer_batch_to_device truncated_bptt_steps unfreeze untoggle_optimizer use_amp val_dataloader
    validation_epoch_end validation_step validation_step_end
    """
)
"""What a ``LightningModule`` has besides, in versions 1.9 to 2.5."""
