//! The samples themselves again.

use super::{Generate, Made, Samples, Sources, Untrained};
use seraug_core::error::Result;
use seraug_core::spec::Copies;

impl Generate for Copies {
    type Trained = Untrained;

    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        Ok(Samples::Again(from.items.repeat(self.copies)).into())
    }
}
