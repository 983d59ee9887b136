//! An ONNX model from waveform to probabilities: front end, segments, network and vote in one graph (opset 17).

mod graph;
mod proto;

use crate::weights::{self, NamedWeights};
use graph::OnnxGraph;
use prost::Message;
use proto::{ModelProto, OperatorSet};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::ModelInfo;
use seraug_core::spec::{Classifier, Features, Network, Vgg};
use seraug_data::audio::{SAMPLE_RATE, mel_matrix, padded_window};
use std::collections::HashMap;
use std::path::Path;

/// The operator set of the graph: the first with STFT.
pub const OPSET: i64 = 17;
/// The version of the file format that goes with it.
const IR_VERSION: i64 = 8;
/// Added to a variance in batch norm, as the network does.
const EPS: f32 = 1e-5;

/// The bytes of the model in `dir`. Input `waveform`: float32 [samples], mono at 16 kHz. Outputs: `probabilities` float32 [classes] (means
/// over the segments), `predicted` int64 scalar (the class with most segments), `segment_probabilities` float32 [segments, classes].
///
/// # Errors
/// Names what is wrong with the model's files.
pub fn model(dir: &Path, info: &ModelInfo) -> Result<Vec<u8>> {
    let weights = weights::read(dir)?;
    let Network::Vgg(vgg) = &info.classifier.network;
    let mut graph = OnnxGraph::default();
    let frames = front_end(&mut graph, &info.features, info.mean, info.deviation);
    let segments = segments(&mut graph, &frames, &info.classifier, info.features.mels);
    let sides = [info.classifier.segment_frames, info.features.mels];
    let logits = network(&mut graph, &segments, vgg, sides, &weights).map_err(|name| {
        Error::failed(format!("{}: no tensor `{name}`", ModelInfo::weights(dir).display()))
    })?;
    vote(&mut graph, &logits, info.classes.len());
    let metadata = [
        ("classes", info.class_names().join(",")),
        ("sample_rate", SAMPLE_RATE.to_string()),
        ("title", info.title.clone()),
        ("cell", info.cell.clone()),
        ("weights_sha256", info.weights_sha256.clone()),
        ("revision", info.revision.clone()),
    ];
    let classes = info.classes.len() as i64;
    let proto = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "seraug".to_owned(),
        producer_version: info.version.clone(),
        graph: Some(graph.finish(classes)),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: metadata.into_iter().map(proto::entry).collect(),
    };
    Ok(proto.encode_to_vec())
}

/// Waveform to standardised log-mels [frames, mels] and their floor, as `MelExtractor` and `Bank` make them.
struct Frames {
    values: String,
    floor: String,
}

fn front_end(g: &mut OnnxGraph, features: &Features, mean: f32, deviation: f32) -> Frames {
    let (n_fft, hop) = (features.n_fft, features.hop_ms as usize * SAMPLE_RATE as usize / 1000);
    let half = (n_fft / 2) as i64;
    let pads = g.ints("pads", &[2], &[half, half]);
    let padded = g.node("Pad", &["waveform", &pads], &[]);
    let shape = g.ints("signal_shape", &[3], &[1, -1, 1]);
    let signal = g.node("Reshape", &[&padded, &shape], &[]);
    let step = g.ints("frame_step", &[], &[hop as i64]);
    let window = g.floats("window", &[n_fft], padded_window(features));
    let length = g.ints("frame_length", &[], &[n_fft as i64]);
    let spectrum = g.node("STFT", &[&signal, &step, &window, &length], &[("onesided", 1)]);
    let squares = g.node("Mul", &[&spectrum, &spectrum], &[]);
    let last = g.ints("last_axis", &[1], &[3]);
    let power = g.node("ReduceSum", &[&squares, &last], &[("keepdims", 0)]);
    let bins = n_fft / 2 + 1;
    let filters = g.floats("mel_filters", &[bins, features.mels], mel_matrix(features));
    let mels = g.node("MatMul", &[&power, &filters], &[]);
    let least = g.float("least_power", 1e-10);
    let mels = g.node("Max", &[&mels, &least], &[]);
    let log = g.node("Log", &[&mels], &[]);
    let decibel = g.float("decibel", 10.0 / std::f32::consts::LN_10);
    let db = g.node("Mul", &[&log, &decibel], &[]);
    let peak = g.node("ReduceMax", &[&db], &[("keepdims", 0)]);
    let range = g.float("floor_db", features.floor_db);
    let floor = g.node("Sub", &[&peak, &range], &[]);
    let db = g.node("Max", &[&db, &floor], &[]);
    let least = g.node("ReduceMin", &[&db], &[("keepdims", 0)]);
    let (mean, deviation) = (g.float("mean", mean), g.float("deviation", deviation));
    let mut standardised = |x: &str| {
        let centred = g.node("Sub", &[x, &mean], &[]);
        g.node("Div", &[&centred, &deviation], &[])
    };
    let (values, floor) = (standardised(&db), standardised(&least));
    let rows = g.ints("rows_shape", &[2], &[-1, features.mels as i64]);
    Frames { values: g.node("Reshape", &[&values, &rows], &[]), floor }
}

/// Frames to segments [segments, 1, frames, mels]: `Classifier::segment_count` and `Bank::windows` in operators.
fn segments(g: &mut OnnxGraph, frames: &Frames, spec: &Classifier, mels: usize) -> String {
    let (long, hop) = (spec.segment_frames as i64, spec.segment_hop as i64);
    let whole = |g: &mut OnnxGraph, name: &str, value: i64| g.ints(name, &[], &[value]);
    let (zero, one) = (whole(g, "zero", 0), whole(g, "one", 1));
    let shape = g.node("Shape", &[&frames.values], &[]);
    let len = g.node("Gather", &[&shape, &zero], &[("axis", 0)]);
    let (length, step) = (whole(g, "segment_frames", long), whole(g, "segment_hop", hop));
    let beyond = g.node("Sub", &[&len, &length], &[]);
    let beyond = g.node("Max", &[&beyond, &zero], &[]);
    let up = whole(g, "hop_less_one", hop - 1);
    let beyond = g.node("Add", &[&beyond, &up], &[]);
    let later = g.node("Div", &[&beyond, &step], &[]);
    // The last is left out where it has too few frames of its own and is not the first.
    let before = g.node("Mul", &[&later, &step], &[]);
    let own = g.node("Sub", &[&len, &before], &[]);
    let least = whole(g, "min_own_frames", spec.min_own_frames as i64);
    let short = g.node("Less", &[&own, &least], &[]);
    let several = g.node("Greater", &[&later, &zero], &[]);
    let dropped = g.node("And", &[&short, &several], &[]);
    let dropped = g.node("Cast", &[&dropped], &[("to", proto::INT64)]);
    let count = g.node("Sub", &[&later, &dropped], &[]);
    let count = g.node("Add", &[&count, &one], &[]);
    let starts = g.node("Range", &[&zero, &count, &one], &[]);
    let starts = g.node("Mul", &[&starts, &step], &[]);
    let column = g.ints("column", &[2], &[-1, 1]);
    let starts = g.node("Reshape", &[&starts, &column], &[]);
    let within: Vec<i64> = (0..long).collect();
    let within = g.ints("within", &[1, long as usize], &within);
    let places = g.node("Add", &[&starts, &within], &[]);
    // Behind the last frame a row of the floor.
    let places = g.node("Min", &[&places, &len], &[]);
    let row = g.ints("floor_shape", &[2], &[1, mels as i64]);
    let floor = g.node("Expand", &[&frames.floor, &row], &[]);
    let padded = g.node("Concat", &[&frames.values, &floor], &[("axis", 0)]);
    let windows = g.node("Gather", &[&padded, &places], &[("axis", 0)]);
    let channel = g.ints("channel_axis", &[1], &[1]);
    g.node("Unsqueeze", &[&windows, &channel], &[])
}

/// Segments to logits [segments, classes]; the name of a tensor that is missing.
fn network(
    g: &mut OnnxGraph,
    x: &str,
    vgg: &Vgg,
    sides: [usize; 2],
    weights: &HashMap<String, NamedWeights>,
) -> std::result::Result<String, String> {
    let tensor = |g: &mut OnnxGraph, name: &str| -> std::result::Result<String, String> {
        let found = weights.get(name).ok_or_else(|| name.to_owned())?;
        Ok(g.floats(name, &found.shape, found.values.clone()))
    };
    let shrink = vgg.shrink;
    let mut x = match shrink {
        1 => x.to_owned(),
        side => g.pool("AveragePool", x, side as i64),
    };
    let [mut height, mut width] = sides.map(|side| side / shrink);
    let mut layer = 0;
    for depth in vgg.depths {
        for _ in 0..depth {
            let [weight, bias] = ["weight", "bias"].map(|part| format!("features.{layer}.{part}"));
            let (weight, bias) = (tensor(g, &weight)?, tensor(g, &bias)?);
            x = g.convolution(&x, &weight, &bias);
            layer += 1;
            if vgg.batch_norm {
                let parts = ["weight", "bias", "running_mean", "running_var"];
                let names = parts.map(|part| format!("features.{layer}.{part}"));
                let mut inputs = vec![x.clone()];
                for name in &names {
                    inputs.push(tensor(g, name)?);
                }
                x = g.batch_norm(&inputs, EPS);
                layer += 1;
            }
            x = g.node("Relu", &[&x], &[]);
            layer += 1;
        }
        x = g.pool("MaxPool", &x, 2);
        layer += 1;
        (height, width) = (height / 2, width / 2);
    }
    if [height, width] != [vgg.pooled; 2] {
        // The adaptive average pool of a map of known sides: rows, then columns.
        let rows = g.floats("pool_rows", &[vgg.pooled, height], shares(height, vgg.pooled));
        let columns = shares(width, vgg.pooled);
        let columns: Vec<f32> = (0..width)
            .flat_map(|x| (0..vgg.pooled).map(move |o| (o, x)))
            .map(|(o, x)| columns[o * width + x])
            .collect();
        let columns = g.floats("pool_columns", &[width, vgg.pooled], columns);
        x = g.node("MatMul", &[&rows, &x], &[]);
        x = g.node("MatMul", &[&x, &columns], &[]);
    }
    x = g.node("Flatten", &[&x], &[("axis", 1)]);
    for (i, layer) in [0, 3, 6].into_iter().enumerate() {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("classifier.{layer}.{part}"));
        let (weight, bias) = (tensor(g, &weight)?, tensor(g, &bias)?);
        x = g.node("Gemm", &[&x, &weight, &bias], &[("transB", 1)]);
        if i < 2 {
            x = g.node("Relu", &[&x], &[]);
        }
    }
    Ok(x)
}

/// PyTorch's AdaptiveAvgPool of `n` values to `side`: [side, n].
fn shares(n: usize, side: usize) -> Vec<f32> {
    let mut all = vec![0.0; side * n];
    for o in 0..side {
        let (from, to) = (o * n / side, ((o + 1) * n).div_ceil(side));
        all[o * n + from..o * n + to].fill(1.0 / (to - from) as f32);
    }
    all
}

/// Logits to the outputs: the rule of `seraug_train::classifier::vote`.
fn vote(g: &mut OnnxGraph, logits: &str, classes: usize) {
    let logs = g.node("LogSoftmax", &[logits], &[("axis", 1)]);
    let probabilities = g.output("Exp", &[&logs], &[], "segment_probabilities");
    let first = g.ints("segments_axis", &[1], &[0]);
    g.reduce_mean_of_rows(&probabilities, "probabilities");
    let best = g.node("ArgMax", &[&logs], &[("axis", 1), ("keepdims", 0)]);
    let depth = g.ints("classes", &[], &[classes as i64]);
    let off_on = g.floats("off_on", &[2], vec![0.0, 1.0]);
    let votes = g.node("OneHot", &[&best, &depth, &off_on], &[("axis", -1)]);
    let votes = g.node("ReduceSum", &[&votes, &first], &[("keepdims", 0)]);
    let sums = g.node("ReduceSum", &[&logs, &first], &[("keepdims", 0)]);
    let most = g.node("ReduceMax", &[&votes], &[("keepdims", 0)]);
    let tied = g.node("Equal", &[&votes, &most], &[]);
    let none = g.float("none", f32::MIN);
    let among = g.node("Where", &[&tied, &sums, &none], &[]);
    g.output("ArgMax", &[&among], &[("axis", 0), ("keepdims", 0)], "predicted");
}
