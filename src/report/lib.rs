//! From the files of a run to tables, figures, statistics and a page. Needs neither audio nor libtorch.

pub mod analysis;
pub mod compare;
pub mod figure;
pub mod page;
pub mod render;
pub mod stats;
pub mod write;
