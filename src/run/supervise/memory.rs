//! Whether one more worker fits into memory.

use std::fs;
use std::path::Path;

/// Another worker is expected to need this many times the largest peak of those that run.
const MARGIN: f64 = 1.15;

/// Whether one more worker of `each` bytes fits; true where the system does not tell.
pub(super) fn fits(each: u64) -> bool {
    available().is_none_or(|free| free as f64 > each as f64 * MARGIN)
}

/// Free bytes: the smaller of the machine's and of those that the limit of this process's control group leaves.
pub(super) fn available() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = kib(&info, "MemAvailable:")?;
    let group = fs::read_to_string("/proc/self/cgroup")
        .ok()
        .and_then(|text| group_left(&text, Path::new("/sys/fs/cgroup")));
    Some(group.map_or(machine, |left| left.min(machine)))
}

/// The peak memory of process `pid`, in bytes.
pub(super) fn peak_of(pid: u32) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

/// The value of line `name` of a file of /proc, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|l| l.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|k| k * 1024)
}

/// Bytes that the limit of a control group (version 2) leaves, given the text of /proc/self/cgroup. Its page cache counts
/// as free, because the kernel gives it back when memory is short.
fn group_left(membership: &str, root: &Path) -> Option<u64> {
    let path = membership.lines().find_map(|l| l.strip_prefix("0::/"))?;
    let dir = root.join(path);
    let number = |name: &str| fs::read_to_string(dir.join(name)).ok()?.trim().parse::<u64>().ok();
    let (limit, used) = (number("memory.max")?, number("memory.current")?);
    let stat = fs::read_to_string(dir.join("memory.stat")).unwrap_or_default();
    let cache =
        stat.lines().find_map(|l| l.strip_prefix("inactive_file ")).and_then(|v| v.trim().parse().ok());
    Some(limit.saturating_sub(used.saturating_sub(cache.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_machine_have_memory() {
        let (free, mine) = (available().unwrap(), peak_of(std::process::id()).unwrap());
        assert!(free > 1 << 20 && mine > 1 << 20, "{free} {mine}");
        assert!(fits(1) && !fits(u64::MAX / 4));
    }

    #[test]
    fn the_limit_of_a_control_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        fs::create_dir_all(&dir).unwrap();
        let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
        write("memory.max", "1000\n");
        write("memory.current", "700\n");
        write("memory.stat", "anon 500\ninactive_file 150\n");
        assert_eq!(group_left("0::/a/b\n", root.path()), Some(450));
        write("memory.max", "max\n");
        assert_eq!(group_left("0::/a/b\n", root.path()), None);
        assert_eq!(group_left("4:memory:/a\n", root.path()), None, "version 1");
    }
}
