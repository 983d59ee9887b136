//! The networks and their losses. No input or output but weights.

pub mod params;
