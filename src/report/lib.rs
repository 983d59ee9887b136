//! Reports: from the files of a run to tables, figures, statistics and a page. Needs neither audio nor libtorch.
//!
//! The modules build on each other in this order: `stats` (tests and intervals), `analysis` (what is computed from a run),
//! `render` (tables as text), `figure` (drawings), `compare` (results against results), `page` (index.html), `write` (files),
//! `study` (comparisons pooled over corpora).

pub mod analysis;
pub mod compare;
pub mod figure;
pub mod page;
pub mod render;
pub mod scores;
pub mod stats;
pub mod study;
pub mod write;
