//! Batches mixed while training; the mixing itself is `classifier::mixup`.

use super::{Generate, Made, Samples, Sources, Untrained};
use seraug_core::error::Result;
use seraug_core::spec::Mixup;

impl Generate for Mixup {
    type Trained = Untrained;

    fn make(&self, _: &Sources, _: &Untrained) -> Result<Made> {
        Ok(Samples::Mixed(self.alpha).into())
    }
}
