//! The process that owns a file, and whether that process is still alive.

use crate::digest::digest_hex;
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::OnceLock;

/// A process, identified so that a later process with the same id is not mistaken for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Host name, for messages only.
    pub host: String,
    /// Which boot of which kernel, and which pid namespace: 12 hex digits; `-` where the system does not tell.
    pub realm: String,
    /// Process id in that namespace.
    pub pid: u32,
    /// When the process began, in clock ticks since the boot.
    pub started: u64,
}

const UNKNOWN: &str = "-";

impl Owner {
    /// This process.
    pub fn me() -> &'static Owner {
        static ME: OnceLock<Owner> = OnceLock::new();
        ME.get_or_init(|| {
            let pid = std::process::id();
            let line = |path: &str| fs::read_to_string(path).ok().map(|s| s.trim().to_owned());
            Owner {
                host: line("/proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".to_owned()),
                realm: realm().unwrap_or_else(|| UNKNOWN.to_owned()),
                pid,
                started: state(pid).map_or(0, |s| s.1),
            }
        })
    }

    /// Whether the process has ended; `None` where that cannot be told from here (another machine or container).
    pub fn is_dead(&self) -> Option<bool> {
        let me = Owner::me();
        if me.realm == UNKNOWN || me.realm != self.realm {
            return None;
        }
        // A zombie has ended and only waits for its parent to collect its exit status.
        Some(state(self.pid).is_none_or(|(state, started)| state == 'Z' || started != self.started))
    }

    /// `realm-pid-started`, for file names.
    pub fn tag(&self) -> String {
        format!("{}-{}-{}", self.realm, self.pid, self.started)
    }

    /// Reads what [`Owner::tag`] wrote, and nothing else.
    pub fn from_tag(tag: &str) -> Option<Owner> {
        let mut parts = tag.rsplitn(3, '-');
        let (started, pid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let realm = parts.next()?.to_owned();
        let hex =
            realm.len() == 12 && realm.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let owner = Owner { host: String::new(), realm, pid, started };
        // Rejects other spellings of the numbers, such as `+1` or `01`.
        Some(owner).filter(|o| (hex || o.realm == UNKNOWN) && o.tag() == tag)
    }
}

fn realm() -> Option<String> {
    // With hidepid a process sees only those of its own user, so a process that it cannot see may be alive.
    fs::read_to_string("/proc/1/stat").ok()?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(digest_hex(format!("{} {}", boot.trim(), namespace.display()).as_bytes())[..12].to_owned())
}

/// State letter and start time of process `pid`, from /proc/PID/stat; the name before them may hold anything.
fn state(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.first()?.chars().next()?, fields.get(19)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_until_it_has_ended() {
        let me = Owner::me();
        assert_eq!(me.is_dead(), Some(false));
        assert_eq!(Owner { started: me.started + 1, ..me.clone() }.is_dead(), Some(true), "its number again");
        assert_eq!(Owner { realm: "elsewhere".into(), ..me.clone() }.is_dead(), None);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner { pid: child.id(), started: state(child.id()).unwrap().1, ..me.clone() };
        assert_eq!(owner.is_dead(), Some(false));
        child.kill().unwrap();
        while state(child.id()).is_some_and(|s| s.0 != 'Z') {}
        assert_eq!(owner.is_dead(), Some(true), "a zombie");
        child.wait().unwrap();
        assert_eq!(owner.is_dead(), Some(true));
    }

    #[test]
    fn a_tag_reads_back() {
        let me = Owner::me();
        let read = Owner::from_tag(&me.tag()).unwrap();
        assert_eq!((read.realm, read.pid, read.started), (me.realm.clone(), me.pid, me.started));
        assert_eq!(Owner::from_tag("--7-9").unwrap().realm, UNKNOWN);
        for other in [
            "x",
            "mine-7-9",
            "0123456789AB-7-9",
            "0123456789ab-+7-9",
            "0123456789ab-07-9",
            "0123456789ab-7-9x",
        ] {
            assert_eq!(Owner::from_tag(other), None, "{other}");
        }
    }
}
