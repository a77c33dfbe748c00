"""Numbers of TensorFlow Lite's schema.fbs: fields of its tables, codes of operators and types."""

MODEL_CODES, MODEL_GRAPHS, MODEL_BUFFERS = 1, 2, 4
OLD_CODE, CUSTOM_NAME, CODE = 0, 1, 3  # of an operator; the old one was a byte
GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OPERATORS = 0, 1, 3
TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTISATION = 0, 1, 2, 3, 4
SCALES, ZEROS, AXIS = 2, 3, 6  # of a quantisation
OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS, OPERATOR_CUSTOM_OPTIONS = 0, 1, 2, 4, 5
STRIDE_WIDTH, STRIDE_HEIGHT, FILTER_WIDTH, FILTER_HEIGHT = 1, 2, 3, 4  # of the options of these operators:
PADDING, NO_PADDING = 0, 1  # of their options, too
ACTIVATIONS = {"Conv2D": 3, "DepthwiseConv2dNative": 4}  # of their options; 1 is RELU:
RELU = 1
STRIDED = ("Conv2D", "DepthwiseConv2dNative", "AvgPool")
DILATIONS = {"Conv2D": (5, 4), "DepthwiseConv2dNative": (6, 5)}  # height and width, of their options
RESIZE_FLAGS = {"align_corners": 2, "half_pixel_centers": 3}
BUFFER_DATA = 0

TYPES = {0: "<f4", 1: "<f2", 2: "<i4", 3: "u1", 4: "<i8", 9: "i1"}
"""NumPy's types by number."""

BYTES = {"u1": 0, "i1": 128}
"""Types of quantised images: what is added to a stored value to get a pixel in 0..255."""

CUSTOM = 32
POSTPROCESS = "TFLite_Detection_PostProcess"

OPERATORS = {
    0: "Add",
    1: "AvgPool",
    2: "ConcatV2",
    3: "Conv2D",
    4: "DepthwiseConv2dNative",
    6: "Dequantize",
    9: "FullyConnected",
    14: "Sigmoid",
    16: "LSTM",
    17: "MaxPool",
    18: "Mul",
    19: "Relu",
    21: "Relu6",
    22: "Reshape",
    23: "ResizeBilinear",
    25: "Softmax",
    28: "Tanh",
    34: "Pad",
    40: "Mean",
    41: "Sub",
    42: "RealDiv",
    43: "Squeeze",
    45: "StridedSlice",
    53: "Cast",
    56: "ArgMax",
    67: "TransposeConv",
    70: "ExpandDims",
    77: "Shape",
    83: "Pack",
    97: "ResizeNearestNeighbor",
    98: "LeakyRelu",
    111: "Elu",
    114: "Quantize",
    117: "HardSwish",
}
"""Names by code, TensorFlow's where it has the operator."""

MOST_GRAPHS, LONGEST_NAME = 16, 4000  # of a file; bytes
