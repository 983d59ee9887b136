//! Readers of messages from a worker to its supervisor, and of the markers in Markdown that a report replaces.

use super::{Check, PLAIN, Target, answer};
use seraug_report::page::splice::{content, splice};
use seraug_run::worker_client::protocol::{Event, ProbeAnswer, ProbeQuestion, WorkerOrder};
use std::fs;

/// A line of the protocol: what does not read is an error of serde, never a panic; what reads is written the same.
pub(super) const EVENT: Target = Target {
    name: "event",
    main: "line.json",
    prepare: |_| -> Check {
        Box::new(|case| {
            let bytes = fs::read(case.join("line.json")).unwrap_or_default();
            for line in String::from_utf8_lossy(&bytes).lines() {
                if let Ok(event) = serde_json::from_str::<Event>(line) {
                    let text = serde_json::to_string(&event).map_err(|e| e.to_string())?;
                    let again = serde_json::from_str::<Event>(&text).map_err(|e| e.to_string())?;
                    if again != event {
                        return Err(format!("{event:?} comes back as {again:?}"));
                    }
                }
                let _ = serde_json::from_str::<WorkerOrder>(line);
                let _ = serde_json::from_str::<ProbeQuestion>(line);
                let _ = serde_json::from_str::<ProbeAnswer>(line);
            }
            Ok(())
        })
    },
    share: 1,
    ..PLAIN
};

/// `--splice`: only what is between the markers changes, and again gives the same.
pub(super) const SPLICE: Target = Target {
    name: "splice",
    main: "README.md",
    prepare: |_| -> Check {
        Box::new(|case| {
            let text = |name: &str| {
                String::from_utf8_lossy(&fs::read(case.join(name)).unwrap_or_default()).into_owned()
            };
            let (file, title) = (text("README.md"), text("title.txt"));
            let new = content(&title, None, None, "page", Some("run"));
            let Some(once) = answer(splice(&file, "README.md", "open/x", &new), &["README.md"])? else {
                return Ok(());
            };
            let twice =
                splice(&once, "README.md", "open/x", &new).map_err(|e| format!("a second time: {e}"))?;
            if once != twice {
                return Err("a second time gives something else".to_owned());
            }
            Ok(())
        })
    },
    share: 2,
    ..PLAIN
};
