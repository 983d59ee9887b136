//! Times of the commands that look at whole grids, on ten thousand cells: `just bench-grids`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark ends by panics and prints what it measures"
)]

use seraug_core::run_files::RunState;
use seraug_run::status::RunStatus;
use seraug_test_support::fake_grid::Grid;
use seraug_test_support::world::World;
use std::time::Instant;

fn main() {
    // Cargo asks with `--test` whether it starts.
    if !std::env::args().any(|a| a == "--test") {
        plan();
        status();
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    println!("{what}: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    done
}

/// A plan after a run of as many cells, one field of the spec changed in between.
fn plan() {
    let world = World::new();
    let seeds: Vec<String> = (1..=500).map(|s| s.to_string()).collect();
    let all = [&format!("seeds=[{}]", seeds.join(",")), "protocol.leave-speakers-out.only=[]"];
    world.begin(&world.plan(&all), "20260101T000000Z");
    let changed = [&all[..], &["augmentor.iterations=7"]].concat();
    let plan = timed("planning 10000 cells", || world.plan(&changed));
    timed("auditing them", || plan.audit()).unwrap();
    let actions = timed("explaining them", || world.verdicts(&plan));
    assert_eq!(actions.len(), 10_000);
}

/// The status of a run with 9000 cells done.
fn status() {
    let grid = Grid::of_ten_thousand();
    timed("reading the outcomes of 10002 cells", || RunState::read(&grid.run)).unwrap();
    let status = timed("their status", || RunStatus::read(&grid.run)).unwrap();
    assert_eq!(status.counts().done, 9000);
}
