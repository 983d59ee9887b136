//! stage.toml: how an entry of the store was computed, as far as programs without libtorch read it.

use crate::device::{DeviceInfo, LIBTORCH};
use crate::files;
use serde::Deserialize;
use std::path::Path;

/// How an entry was computed. For messages only; entries of earlier versions state less.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Making {
    /// Wall seconds of its training.
    pub seconds: Option<f64>,
    /// The cell that it was computed for.
    pub made_by: Option<String>,
    /// The run that computed it.
    pub made_in: Option<String>,
    /// Release of libtorch, such as `2.11.0+cu130`.
    pub libtorch: Option<String>,
    /// Name of the processor or card.
    pub device: Option<String>,
}

impl Making {
    /// Reads the entry in `dir`; all `None` if its stage.toml cannot be read.
    pub fn read(dir: &Path) -> Making {
        let text = files::text(&dir.join("stage.toml")).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// `libtorch 2.11.0+cu130 on NVIDIA H100 80GB HBM3`, or the half of it that is stated.
    pub fn with(&self) -> Option<String> {
        let libtorch = self.release().map(|release| format!("libtorch {release}"));
        match (libtorch, &self.device) {
            (Some(libtorch), Some(device)) => Some(format!("{libtorch} on {device}")),
            (libtorch, device) => libtorch.or_else(|| device.clone()),
        }
    }

    fn release(&self) -> Option<&str> {
        self.libtorch.as_deref().filter(|release| !["", "unknown"].contains(release))
    }

    /// As [`Making::with`], but only if it names another release of libtorch than this build's or another device than `here`. A
    /// device without a name is not compared; the suffix of a release, such as `+cu130`, belongs to the device.
    pub fn elsewhere(&self, here: &DeviceInfo) -> Option<String> {
        let other_libtorch = self.release().is_some_and(|r| r.split('+').next() != Some(LIBTORCH));
        let other_device = self.device.as_ref().is_some_and(|d| !here.name.is_empty() && *d != here.name);
        if other_libtorch || other_device { self.with() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_elsewhere_says_with_what_and_where() {
        let here = DeviceInfo { name: "Some CPU".into(), ..DeviceInfo::default() };
        let made = |libtorch: &str, device: &str| Making {
            libtorch: (!libtorch.is_empty()).then(|| libtorch.to_owned()),
            device: (!device.is_empty()).then(|| device.to_owned()),
            ..Making::default()
        };
        let own = format!("{LIBTORCH}+cpu");
        assert_eq!(made(&own, "Some CPU").elsewhere(&here), None);
        assert_eq!(made("", "").elsewhere(&here), None, "of an earlier version");
        assert_eq!(
            made(&own, "NVIDIA H100").elsewhere(&here),
            Some(format!("libtorch {LIBTORCH}+cpu on NVIDIA H100"))
        );
        assert_eq!(
            made(&own, "NVIDIA H100").elsewhere(&DeviceInfo::default()),
            None,
            "nobody knows what is here"
        );
        assert_eq!(made("2.7.1", "Some CPU").elsewhere(&here).unwrap(), "libtorch 2.7.1 on Some CPU");
        assert_eq!(made("unknown", "Some CPU").elsewhere(&here), None);
        assert_eq!(made("2.7.1", "").elsewhere(&here).unwrap(), "libtorch 2.7.1");
        assert_eq!(made("", "NVIDIA H100").elsewhere(&here).unwrap(), "NVIDIA H100");
    }

    #[test]
    fn entries_of_other_versions_read() {
        let dir = tempfile::tempdir().unwrap();
        let of = |text: &str| {
            std::fs::write(dir.path().join("stage.toml"), text).unwrap();
            Making::read(dir.path())
        };
        let old = of("seconds = 1.5\nweights-sha256 = \"\"\nmade-by = \"a\"\nmade-in = \"b\"\n");
        let expected = Making {
            seconds: Some(1.5),
            made_by: Some("a".into()),
            made_in: Some("b".into()),
            ..Making::default()
        };
        assert_eq!(old, expected);
        assert_eq!(of("libtorch = \"3.0\"\nof-later = 1\n").with().unwrap(), "libtorch 3.0");
        assert_eq!((of("nonsense"), Making::read(Path::new("none"))), Default::default());
    }
}
