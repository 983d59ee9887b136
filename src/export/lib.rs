//! A trained classifier in the forms that other programs read: a folder with its weights, a loader for PyTorch, an ONNX model from
//! waveform to probabilities, and a model card made from its run.

pub mod card;
pub mod folder;
pub mod onnx;
mod weights;
