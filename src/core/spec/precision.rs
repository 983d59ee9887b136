//! In which numbers the networks are computed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which numbers the networks are computed. Losses, Adam, the weights that are saved and all that a network is given
/// or gives back are IEEE single in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// IEEE single throughout; on a GPU without TF32.
    #[default]
    F32,
    /// Single, its products by the TF32 tensor cores of a GPU: 10 bits of mantissa. Not for a CPU.
    Tf32,
    /// Weights and activations in bfloat16, 7 bits of mantissa, from master weights in single.
    Bf16,
}

impl Precision {
    /// As a spec writes it.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Tf32 => "tf32",
            Precision::Bf16 => "bf16",
        }
    }

    /// Whether it is the default.
    pub fn is_f32(&self) -> bool {
        *self == Precision::F32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse;

    const SPEC: &str = r#"title = "t"
corpus = "emodb"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 5
condition = [{ name = "no-aug" }]
"#;

    #[test]
    fn a_spec_has_it_by_its_name_and_writes_it_down() {
        let with = |text: &str, sets: &[&str]| {
            parse(text, "x.toml", &sets.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(with(SPEC, &[]).unwrap().precision, Precision::F32);
        for precision in [Precision::F32, Precision::Tf32, Precision::Bf16] {
            let name = precision.name();
            let spec = with(SPEC, &[&format!("precision={name}")]).unwrap();
            assert_eq!(spec.precision, precision);
            assert!(spec.to_toml().contains(&format!("precision = \"{name}\"\n")), "{}", spec.to_toml());
        }
        let error = with(SPEC, &["precision=fp16"]).unwrap_err().to_string();
        assert!(error.starts_with("--set precision=fp16: ") && error.contains("bf16"), "{error}");
        let error = with(&format!("precision = \"half\"\n{SPEC}"), &[]).unwrap_err().to_string();
        assert!(error.starts_with("x.toml:1:13: ") && error.contains("tf32"), "{error}");
    }
}
