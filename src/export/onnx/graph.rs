//! A graph that is put together node by node.

use super::proto::{self, AttributeProto, FLOAT, GraphProto, INT64, NodeProto, TensorProto};

/// `AttributeProto.AttributeType` of a float, an integer and a list of integers.
const KINDS: [i32; 3] = [1, 2, 7];

/// Nodes in the order in which they are computed, and constants.
#[derive(Debug, Default)]
pub(super) struct OnnxGraph {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl OnnxGraph {
    /// A node of `op`; the name of what it gives.
    pub(super) fn node(&mut self, op: &str, inputs: &[&str], whole: &[(&str, i64)]) -> String {
        let name = format!("{}_{}", op.to_lowercase(), self.nodes.len());
        self.output(op, inputs, whole, &name)
    }

    /// The same under a `name`.
    pub(super) fn output(&mut self, op: &str, inputs: &[&str], whole: &[(&str, i64)], name: &str) -> String {
        let attributes = whole.iter().map(|(name, value)| integer(name, *value)).collect();
        self.push(op, inputs, attributes, name)
    }

    fn push(&mut self, op: &str, inputs: &[&str], attribute: Vec<AttributeProto>, name: &str) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|i| (*i).to_owned()).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: op.to_owned(),
            attribute,
        });
        name.to_owned()
    }

    /// A 3x3 convolution that keeps the sides.
    pub(super) fn convolution(&mut self, x: &str, weight: &str, bias: &str) -> String {
        let attributes = vec![integers("kernel_shape", &[3, 3]), integers("pads", &[1, 1, 1, 1])];
        let name = format!("conv_{}", self.nodes.len());
        self.push("Conv", &[x, weight, bias], attributes, &name)
    }

    /// A pool of `side` x `side` without overlap.
    pub(super) fn pool(&mut self, op: &str, x: &str, side: i64) -> String {
        let attributes = vec![integers("kernel_shape", &[side, side]), integers("strides", &[side, side])];
        let name = format!("{}_{}", op.to_lowercase(), self.nodes.len());
        self.push(op, &[x], attributes, &name)
    }

    /// Batch norm by running statistics: of x, scale, shift, mean and variance.
    pub(super) fn batch_norm(&mut self, inputs: &[String], eps: f32) -> String {
        let attribute = AttributeProto {
            name: "epsilon".into(),
            f: Some(eps),
            kind: KINDS[0],
            ..AttributeProto::default()
        };
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let name = format!("norm_{}", self.nodes.len());
        self.push("BatchNormalization", &inputs, vec![attribute], &name)
    }

    /// The mean over the rows of `x`, as the output `name`.
    pub(super) fn reduce_mean_of_rows(&mut self, x: &str, name: &str) -> String {
        let attributes = vec![integers("axes", &[0]), integer("keepdims", 0)];
        self.push("ReduceMean", &[x], attributes, name)
    }

    /// A constant of floats; its name.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> String {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        let raw = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.constant(name, shape, FLOAT, raw)
    }

    /// A single float.
    pub(super) fn float(&mut self, name: &str, value: f32) -> String {
        self.floats(name, &[], vec![value])
    }

    /// A constant of integers; no shape for a single one.
    pub(super) fn ints(&mut self, name: &str, shape: &[usize], values: &[i64]) -> String {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        self.constant(name, shape, INT64, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn constant(&mut self, name: &str, shape: &[usize], kind: i64, raw_data: Vec<u8>) -> String {
        let dims = shape.iter().map(|n| *n as i64).collect();
        self.constants.push(TensorProto { dims, data_type: kind as i32, name: name.to_owned(), raw_data });
        name.to_owned()
    }

    /// The graph with its input and outputs.
    pub(super) fn finish(self, classes: i64) -> GraphProto {
        GraphProto {
            name: "seraug".to_owned(),
            input: vec![proto::value("waveform", FLOAT, &[(-1, "samples")])],
            output: vec![
                proto::value("probabilities", FLOAT, &[(classes, "")]),
                proto::value("predicted", INT64, &[]),
                proto::value("segment_probabilities", FLOAT, &[(-1, "segments"), (classes, "")]),
            ],
            node: self.nodes,
            initializer: self.constants,
        }
    }
}

fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i: Some(value), kind: KINDS[1], ..AttributeProto::default() }
}

fn integers(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        ints: values.to_vec(),
        kind: KINDS[2],
        ..AttributeProto::default()
    }
}
