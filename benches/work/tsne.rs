//! Exact t-SNE of six clouds, 1000 iterations. `kl` is the exact divergence at one perplexity: benches/peer/tsne.py
//! computes the same of its map.

use crate::fixture::{Draws, folder, number};
use seraug_core::rng::Seed;
use seraug_data::audio::LogMel;
use seraug_data::audio::npy::{read_npy, write_npy};
use seraug_report::analysis::embedding::map::{map, perplexity};
use seraug_report::analysis::embedding::measures::{divergence, joint_probabilities, squared_distances};
use serde_json::{Value, json};
use std::time::Instant;

/// Of `points` (480) by `dims` (128), started with `seed` (1).
pub(crate) fn run(request: &Value) -> Value {
    let (n, dims) = (number(request, "points", 480), number(request, "dims", 128));
    let path = folder(request).join(format!("points-{n}-{dims}.npy"));
    if !path.exists() {
        write_npy(&path, &LogMel { frames: n, mels: dims, db: clouds(n, dims) })
            .expect("a fixture can be written");
    }
    let flat: Vec<f64> =
        read_npy(&path).expect("a fixture can be read").db.into_iter().map(f64::from).collect();
    let points: Vec<&[f64]> = flat.chunks(dims).collect();
    let begun = Instant::now();
    let made = map(&points, Seed::new(number(request, "seed", 1) as u64)).expect("a map of enough points");
    let seconds = begun.elapsed().as_secs_f64();
    let joint = joint_probabilities(&squared_distances(&points), n, perplexity(n));
    let kl = made.map(|m| divergence(&joint, &m));
    json!({ "seconds": seconds, "units": n, "kl": kl })
}

/// Six clouds whose centres are as far apart as their points: neighbours are mostly, not always, of one cloud.
fn clouds(n: usize, dims: usize) -> Vec<f32> {
    let mut draws = Draws(7);
    // Sum of three uniforms: close enough to a Gaussian.
    let mut normal = move || draws.uniform() + draws.uniform() + draws.uniform();
    let centres: Vec<f32> = (0..6 * dims).map(|_| 0.6 * normal()).collect();
    (0..n * dims).map(|i| centres[(i / dims % 6) * dims + i % dims] + normal()).collect()
}
