"""Bench, peers: ONNX Runtime's program (see bench/peers/session.h and exchange.h).

A session costs about ten microseconds a call, and ONNX Runtime converts activations to its own
blocked layout at the ends of a graph. A layer that keeps its shape is therefore timed in chains:
(chain of 6 - chain of 1) / 5, each link with weights of its own. Others are timed alone. A chain
has no cold times: its links write to the same few tensors in turn, which stay in the caches.
"""
import os
import resource
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

LINKS = 6


class Stage:
    def __init__(self, words):
        self.kind = words[0]
        self.channels_in, self.channels_out = int(words[1]), int(words[2])
        numbers = [int(word) for word in words[3:13]]
        self.kernel, self.stride, self.dilation = numbers[0:2], numbers[2:4], numbers[4:6]
        self.padding = numbers[6:10]
        self.bias, self.residual, self.activation = words[13] == "1", words[14], words[15]
        self.groups = self.channels_in if self.kind == "depthwise" else 1

    def read(self, folder, index):
        shape = [*self.kernel, self.channels_in // self.groups, self.channels_out]
        values = np.fromfile(f"{folder}/weights{index}.f32", np.float32).reshape(shape)
        self.weights = np.ascontiguousarray(values.transpose(3, 2, 0, 1))
        self.bias_values = None
        if self.bias:
            self.bias_values = np.fromfile(f"{folder}/bias{index}.f32", np.float32)


class Layer:
    def __init__(self, folder):
        self.stages = []
        with open(f"{folder}/layer.txt", encoding="ascii") as file:
            for line in file:
                key, *words = line.split()
                if key == "threads":
                    self.threads = int(words[0])
                elif key == "input":
                    self.shape = [int(word) for word in words]
                elif key == "stage":
                    self.stages.append(Stage(words))
        for index, stage in enumerate(self.stages):
            stage.read(folder, index)
        values = np.fromfile(f"{folder}/input.f32", np.float32).reshape(self.shape)
        self.input = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        self.residual = None
        if self.stages[-1].residual == "tensor":
            self.residual = np.fromfile(f"{folder}/residual.f32", np.float32)


def activation_nodes(word, source, target):
    if word == "relu":
        return [helper.make_node("Relu", [source], [target])]
    if word == "relu6":
        return [helper.make_node("Clip", [source, "zero", "six"], [target])]
    if word == "hard_swish":
        return [helper.make_node("HardSwish", [source], [target])]
    if word == "sigmoid":
        return [helper.make_node("Sigmoid", [source], [target])]
    if word == "silu":
        gate = target + "_gate"
        return [
            helper.make_node("Sigmoid", [source], [gate]),
            helper.make_node("Mul", [source, gate], [target]),
        ]
    if word == "gelu":
        return [helper.make_node("Gelu", [source], [target])]
    raise ValueError(f"ONNX has no {word}")


def stage_nodes(stage, prefix, source, layer_input):
    """Nodes, constants and the name of the result of one stage."""
    names = [source, prefix + "w"]
    constants = [numpy_helper.from_array(stage.weights, names[1])]
    if stage.bias:
        names.append(prefix + "b")
        constants.append(numpy_helper.from_array(stage.bias_values, names[2]))
    result = prefix + "c"
    nodes = [
        helper.make_node(
            "Conv", names, [result], kernel_shape=stage.kernel, strides=stage.stride,
            dilations=stage.dilation, pads=stage.padding, group=stage.groups,
        )
    ]
    if stage.residual != "none":
        other = layer_input if stage.residual == "input" else "residual"
        nodes.append(helper.make_node("Add", [result, other], [prefix + "r"]))
        result = prefix + "r"
    if stage.activation != "none":
        nodes += activation_nodes(stage.activation, result, prefix + "a")
        result = prefix + "a"
    return nodes, constants, result


def make_model(layer, links, output_shape):
    nodes = []
    constants = [
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.float32(6), "six"),
    ]
    if layer.residual is not None:
        n, c, h, w = output_shape
        values = layer.residual.reshape(n, h, w, c).transpose(0, 3, 1, 2)
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), "residual"))
    current = "input"
    for link in range(links):
        start = current
        for index, stage in enumerate(layer.stages):
            more, values, current = stage_nodes(stage, f"l{link}s{index}", current, start)
            nodes += more
            constants += values
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info("input", kind, layer.input.shape)],
        [helper.make_tensor_value_info(current, kind, output_shape)],
        constants,
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9), current


class Chain:
    """A session on preallocated tensors."""

    def __init__(self, layer, links, output_shape):
        model, name = make_model(layer, links, output_shape)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = layer.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.values = layer.input
        self.input = onnxruntime.OrtValue.ortvalue_from_numpy(self.values)
        self.output = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(output_shape, np.float32))
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input("input", self.input)
        self.binding.bind_ortvalue_output(name, self.output)

    def microseconds(self, calls):
        """A call's time, taken again a few times while another process got the CPU in between."""
        run, binding = self.session.run_with_iobinding, self.binding
        for _ in range(4):
            before = preemptions()
            begin = time.perf_counter()
            for _ in range(calls):
                run(binding)
            spent = time.perf_counter() - begin
            if preemptions() == before:
                break
        return spent * 1e6 / calls

    def cold_microseconds(self):
        """One call's time in caches that were emptied; None where another process got the CPU."""
        np.add(self.values, 0, out=self.values)  # written anew, as the layer before does
        before = preemptions()
        begin = time.perf_counter()
        self.session.run_with_iobinding(self.binding)
        spent = time.perf_counter() - begin
        return spent * 1e6 if preemptions() == before else None


def preemptions():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def output_shape(layer):
    n, h, w, c = layer.shape
    extent = [h, w]
    for stage in layer.stages:
        for d in range(2):
            reach = (stage.kernel[d] - 1) * stage.dilation[d] + 1
            padded = extent[d] + stage.padding[d] + stage.padding[d + 2]
            extent[d] = (padded - reach) // stage.stride[d] + 1
    return [n, layer.stages[-1].channels_out, *extent]


def link_microseconds(chain_time, single_time):
    """Of one link; where less than the noise of a call, its share of the chain, which is more."""
    difference = (chain_time - single_time) / (LINKS - 1)
    return difference if difference > 0 else chain_time / LINKS


def hot_turn(single, chain, calls):
    single.microseconds(1)
    time_of_one = single.microseconds(calls)
    if chain is None:
        return time_of_one
    chain.microseconds(1)
    return link_microseconds(chain.microseconds(calls), time_of_one)


def cold_turn(single, chain):
    if chain is not None:
        return "never the links of a chain hand tensors on within its caches"
    taken = single.cold_microseconds()
    return "again" if taken is None else taken


def main(folder):
    answers = os.fdopen(os.dup(1), "w", buffering=1)  # libraries may print on stdout
    os.dup2(2, 1)
    try:
        layer = Layer(folder)
        shape = output_shape(layer)
        single = Chain(layer, 1, shape)
        chained = list(layer.input.shape) == shape
        chain = Chain(layer, LINKS, shape) if chained else None
        single.microseconds(1)
        values = single.output.numpy().transpose(0, 2, 3, 1)
        np.ascontiguousarray(values).tofile(f"{folder}/output.f32")
    except Exception as problem:  # whatever the reason, the answer is that there are no times
        print("unsupported", " ".join(str(problem).split())[:150], file=answers)
        return 1
    how = f"(chain of {LINKS} - chain of 1) / {LINKS - 1}" if chained else "alone, NCHW"
    print(f"ready {onnxruntime.__version__}, {how}", file=answers)
    for line in sys.stdin:
        is_cold = line.strip() == "cold"
        answer = cold_turn(single, chain) if is_cold else hot_turn(single, chain, int(line))
        print(answer, file=answers)
    return 0


sys.exit(main(sys.argv[1]))
