//! Readers of .npy files, of cached features and of checkpoints.

use super::corpora::world;
use super::{Check, PLAIN, Target, answer};
use crate::case::Case;
use indicatif::ProgressBar;
use npyz::WriterBuilder;
use seraug_core::run_files::{About, Shown, read_gallery, write_gallery};
use seraug_core::spec::Features;
use seraug_data::audio::LogMel;
use seraug_data::features::{extract_all, read_npy, write_npy};
use seraug_train::torch::checkpoint::{Reader, Writer};
use std::fs;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};
use walkdir::WalkDir;

/// The files that `fill` writes into a folder.
fn written(fill: impl FnOnce(&std::path::Path)) -> Case {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fill(folder.path());
    Case::read(folder.path()).expect("a temporary folder")
}

fn array<T: npyz::Serialize + npyz::AutoSerialize>(shape: &[u64], values: Vec<T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut bytes).begin_nd();
    let written = writer.and_then(|mut w| w.extend(values).and_then(|()| w.finish()));
    written.expect("memory takes all of it");
    bytes
}

/// A log-mel spectrogram in a .npy file of a user.
pub(super) const NPY: Target = Target {
    name: "npy",
    main: "a.npy",
    made: || {
        let mel = LogMel { frames: 6, mels: 4, db: (0..24u8).map(|v| -f32::from(v)).collect() };
        let own = written(|f| write_npy(&f.join("a.npy"), &mel).expect("a temporary folder"));
        vec![
            own,
            Case::of("a.npy", array(&[3, 2], vec![1f64; 6])),
            Case::of("a.npy", array(&[6], vec![1i16; 6])),
        ]
    },
    prepare: |_| -> Check {
        Box::new(|case| {
            if let Some(mel) = answer(read_npy(&case.join("a.npy")), &["a.npy"])?
                && mel.db.len() != mel.frames * mel.mels
            {
                return Err("an array of another size".to_owned());
            }
            Ok(())
        })
    },
    ..PLAIN
};

/// gallery.csv with its gallery.npy.
pub(super) const GALLERY: Target = Target {
    name: "gallery",
    main: "gallery.csv",
    made: || {
        let shown = |item: usize, frames: usize| {
            let (utterance, speaker, class) = (format!("u{item}"), "s".to_owned(), "angry".to_owned());
            let about =
                About { item, utterance, speaker, class, frames, mean_db: -40.5, deviation_db: 17.25 };
            Shown { about, original: vec![0.25; frames * 4], augmentation: vec![-0.5; frames * 4] }
        };
        vec![written(|f| write_gallery(f, &[shown(0, 5), shown(1, 3)], 4).expect("a temporary folder"))]
    },
    prepare: |_| -> Check { Box::new(|case| answer(read_gallery(case), &["gallery."]).map(drop)) },
    ..PLAIN
};

/// The feature cache: a damaged file in it is computed again.
pub(super) const FEATURES: Target = Target {
    name: "features",
    main: "a.npy",
    made: || {
        let mel = LogMel { frames: 3, mels: 16, db: (0..48u8).map(|v| -f32::from(v) - 1.0).collect() };
        vec![written(|f| write_npy(&f.join("a.npy"), &mel).expect("a temporary folder"))]
    },
    prepare: |folder| -> Check {
        let utterances = world(folder).swap_remove(0).utterances[..1].to_vec();
        let (cache, features) = (folder.join("features"), Features { mels: 16, ..Features::default() });
        let extract = move || extract_all(&utterances, &features, &cache, &ProgressBar::hidden());
        extract().expect("a whole recording");
        let files = WalkDir::new(folder.join("features")).into_iter().flatten();
        let file: PathBuf =
            files.filter(|f| f.file_type().is_file()).map(|f| f.into_path()).next().expect("a cached file");
        Box::new(move |case| {
            fs::copy(case.join("a.npy"), &file).map_err(|e| e.to_string())?;
            extract().map(drop).map_err(|e| format!("a damaged cache aborts a run: {e}"))
        })
    },
    share: 2,
    ..PLAIN
};

/// A checkpoint: state.toml and state.safetensors.
pub(super) const CHECKPOINT: Target = Target {
    name: "checkpoint",
    main: "state.toml",
    made: || {
        let write = |f: &std::path::Path| {
            let mut writer = Writer::new(4, 9);
            writer.tensor("classifier.a", &Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0]).view([2, 2]));
            writer.tensor("meter.labels", &Tensor::from_slice(&[7i64]));
            writer.tensor("none", &Tensor::zeros([0], (Kind::Float, Device::Cpu)));
            writer.count("adam", 8);
            writer.score("best", 0.25);
            writer.write(f).expect("a temporary folder");
        };
        vec![written(write)]
    },
    prepare: |_| -> Check {
        Box::new(|case| {
            let names = ["state.toml", "state.safetensors"];
            let Some(mut reader) = answer(Reader::open(case), &names)? else { return Ok(()) };
            answer(reader.step(9, true), &names)?;
            answer(reader.count("adam"), &names)?;
            answer(reader.score("best"), &names)?;
            answer(reader.fill("classifier.a", &Tensor::zeros([2, 2], (Kind::Float, Device::Cpu))), &names)?;
            for (name, kind) in
                [("classifier.a", Kind::Float), ("meter.labels", Kind::Int64), ("none", Kind::Float)]
            {
                answer(reader.tensor(name, kind, Device::Cpu), &names)?;
            }
            Ok(())
        })
    },
    ..PLAIN
};
