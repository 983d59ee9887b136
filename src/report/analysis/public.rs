//! A run as anybody may see it: without hosts, users and paths. docs/results.md says what a run holds of them.

use super::loaded_run::LoadedRun;
use seraug_core::device::DeviceInfo;
use seraug_core::owner::Owner;
use seraug_core::run_files::{CellRecord, RunDir, RunInfo, Session, Warning};
use seraug_core::spec::Protocol;
use std::path::Path;

/// Replaces what is left out.
const OUT: &str = "…";

/// Options of the command line whose values are folders or files; they are left out with their values.
const PLACES: [&str; 6] = ["--corpora", "--results", "--reports", "--resume", "--splice", "--out"];

/// Words and folders that name a person or a machine, as far as the run and this process know them.
#[derive(Debug, Clone, Default)]
pub struct Private {
    /// Hosts and users: replaced where they stand as whole words. Longest first.
    words: Vec<String>,
    /// Folders, which may contain white space. Longest first.
    places: Vec<String>,
}

impl Private {
    /// Collects what is known of the run in `dir`: the hosts of its sessions and cells, the users in the paths of its commands,
    /// and the host, user and folders of this process.
    pub fn of(dir: &RunDir, info: &RunInfo) -> Private {
        let variable = |name: &str| std::env::var(name).ok();
        let mut hosts = vec![info.device.host.clone(), Owner::me().host.clone()];
        hosts.extend(info.session.iter().map(|s| s.host.clone()));
        let cells = walkdir::WalkDir::new(dir.path().join("cells")).into_iter().flatten();
        let records = cells.filter(|e| e.file_name() == "outcome.toml");
        hosts.extend(records.filter_map(|e| CellRecord::load(e.path()).ok().flatten()).map(|r| r.host));
        // `node17.example.org` is also called `node17`.
        let short = hosts.iter().filter_map(|h| Some(h.split_once('.')?.0.to_owned())).collect::<Vec<_>>();
        let commands = info.session.iter().map(|s| &s.command).chain([&info.command]);
        let said: Vec<&str> = commands.flatten().map(String::as_str).collect();
        let here = std::env::current_dir().ok();
        let known = dir.path().ancestors().chain(here.as_deref()).map(|p| p.to_string_lossy().into_owned());
        let mut places: Vec<String> =
            known.chain(["HOME", "SERAUG_CORPORA"].into_iter().filter_map(variable)).collect();
        // A relative folder names nobody, and may be any word.
        places.retain(|place| place.starts_with(['/', '~']));
        // Folders that a command names, including those with white space.
        let values = said.iter().map(|word| word.split_once('=').map_or(*word, |(_, value)| value));
        places.extend(values.filter(|v| v.starts_with(['/', '~'])).map(str::to_owned));
        let mut users: Vec<String> = ["USER", "LOGNAME"].into_iter().filter_map(variable).collect();
        users.extend(places.iter().map(String::as_str).chain(said).filter_map(user_of).map(str::to_owned));
        Private::new([hosts, short, users].concat(), places)
    }

    fn new(mut words: Vec<String>, mut places: Vec<String>) -> Private {
        for list in [&mut words, &mut places] {
            // A single letter names nobody, and replacing it would break words.
            list.retain(|text| text.chars().count() > 1);
            list.sort_by_key(|text| std::cmp::Reverse(text.len()));
            list.dedup();
        }
        Private { words, places }
    }

    /// `text` without hosts, users and paths that are absolute or lead upwards.
    pub fn out_of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for place in &self.places {
            text = replace(&text, place, |_| true, |after| after.is_none_or(|c| !is_of_word(c)));
        }
        text = without_paths(&text);
        for word in &self.words {
            let ends = |c: Option<char>| c.is_none_or(|c| !is_of_word(c));
            text = replace(&text, word, ends, ends);
        }
        // The holder of a lease may run on any machine: `process 12 on node17`.
        without_host_of_process(&text)
    }

    /// A command line without what [`Private::out_of`] leaves out, and without folders: `seraug run NAME.toml …`.
    fn command(&self, words: &[String], experiment: &str) -> Vec<String> {
        let spec = format!("{}.toml", experiment.rsplit('/').next().unwrap_or(experiment));
        let mut out = Vec::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let (flag, value) = word.split_once('=').unwrap_or((word, ""));
            let sets = if value.is_empty() { words.peek().map_or("", |w| w.as_str()) } else { value };
            let of_cluster = flag == "--set" && sets.trim_start().starts_with("slurm.");
            if PLACES.contains(&flag) || of_cluster {
                if flag == word {
                    words.next();
                }
                continue;
            }
            let file = Path::new(word).file_name().is_some_and(|name| name == spec.as_str());
            out.push(match () {
                () if out.is_empty() => "seraug".to_owned(),
                () if file => format!("experiments/{experiment}.toml"),
                () => self.out_of(word),
            });
        }
        out
    }

    /// run.toml without hosts, users and paths.
    pub fn info(&self, info: &RunInfo) -> RunInfo {
        let text = |t: &String| self.out_of(t);
        let command = |words: &[String]| self.command(words, &info.experiment);
        let mut out = info.clone();
        out.command = command(&info.command);
        out.set = info.set.iter().filter(|s| !s.trim_start().starts_with("slurm.")).map(text).collect();
        out.device = DeviceInfo { host: String::new(), ..info.device.clone() };
        let session =
            |s: &Session| Session { command: command(&s.command), host: String::new(), ..s.clone() };
        out.session = info.session.iter().map(session).collect();
        let warning = |w: &Warning| Warning { cell: w.cell.clone(), message: text(&w.message) };
        out.warning = info.warning.iter().map(warning).collect();
        for corpus in &mut out.corpus {
            corpus.licence = text(&corpus.licence);
            corpus.citation = text(&corpus.citation);
        }
        out
    }

    /// The run without hosts, users and paths. Names of conditions, classes and corpora belong to the experiment and stay.
    pub fn run(&self, mut run: LoadedRun) -> LoadedRun {
        run.info = self.info(&run.info);
        let hide = |text: &mut String| *text = self.out_of(text);
        run.outcomes.iter_mut().for_each(|o| hide(&mut o.error));
        let spec = &mut run.spec;
        hide(&mut spec.title);
        hide(&mut spec.counterpart);
        spec.condition.iter_mut().for_each(|c| hide(&mut c.title));
        spec.published.iter_mut().for_each(|p| hide(&mut p.title));
        if let Protocol::SplitFile(p) = &mut spec.protocol {
            hide(&mut p.path);
        }
        spec.slurm = None;
        run
    }
}

/// The user in whose home a path lies: `anna` for `--corpora=/home/anna/x`.
fn user_of(path: &str) -> Option<&str> {
    let below = ["/home/", "/Users/", "/users/"].iter().find_map(|h| Some(path.split_once(h)?.1))?;
    below.split(['/', ' ', ':', ',']).next().filter(|user| !user.is_empty())
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` with [`OUT`] for each `part` whose neighbouring characters pass the two tests.
fn replace(
    text: &str,
    part: &str,
    before: impl Fn(Option<char>) -> bool,
    after: impl Fn(Option<char>) -> bool,
) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(part) {
        let (head, tail) = (&rest[..at], &rest[at + part.len()..]);
        let preceding = head.chars().next_back().or(out.chars().next_back());
        out += head;
        out += if before(preceding) && after(tail.chars().next()) { OUT } else { part };
        rest = tail;
    }
    out + rest
}

/// `text` with [`OUT`] for each path that begins at the root or a home, or leads upwards.
fn without_paths(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "\"'`,;()<>[]{}|=*+@«»“”‘’„".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(ends).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        out += &without_path(token);
        let next = tail.chars().next().map_or(0, char::len_utf8);
        out += &tail[..next];
        rest = &tail[next..];
    }
    out
}

/// A token without its paths; what follows a colon after a path stays, such as a line number.
fn without_path(token: &str) -> String {
    let web = ["http://", "https://", "doi:"].iter().any(|scheme| token.starts_with(scheme));
    // A share (`smb://`, `file://`), a Windows drive or server, a variable: these are not split at colons.
    let drive = token.as_bytes().get(..3).is_some_and(|b| b[0].is_ascii_alphabetic() && b[1..] == *b":\\");
    let variable = token.starts_with('$') && token.contains('/');
    if !web && (token.contains("://") || drive || variable || token.starts_with("\\\\")) {
        return OUT.to_owned();
    }
    let upwards = |t: &str| t == ".." || t.starts_with("../") || t.contains("/../") || t.ends_with("/..");
    let parts = token.split(':').map(|part| {
        let private =
            part.starts_with(['/', '~']) && part.len() > 1 || upwards(part) || part.starts_with(OUT);
        if private { OUT } else { part }
    });
    if web { token.to_owned() } else { parts.collect::<Vec<_>>().join(":") }
}

/// `process 12 on …` for `process 12 on node17`.
fn without_host_of_process(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    for (i, four) in words.windows(4).enumerate() {
        let number = !four[1].is_empty() && four[1].chars().all(|c| c.is_ascii_digit());
        if four[0].ends_with("process") && number && four[2] == "on" {
            let kept = four[3].trim_start_matches(|c: char| is_of_word(c) || ".-".contains(c));
            out[i + 3] = format!("{OUT}{kept}");
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> Private {
        let words = ["node17.example.org", "node17", "anna", "x"].map(str::to_owned).to_vec();
        let places = ["/home/anna", "/home/anna/my corpora", "/scratch/anna b"].map(str::to_owned).to_vec();
        Private::new(words, places)
    }

    #[test]
    fn hosts_users_and_paths_are_left_out_and_nothing_else() {
        let private = private();
        for (text, expected) in [
            ("/home/anna/my corpora/emodb: 3 of 4", "…: 3 of 4"),
            ("read /scratch/anna b/x.wav, then", "read …, then"),
            ("/data/x.csv:12: bad row", "…:12: bad row"),
            ("killed on node17.example.org (node17)", "killed on … (…)"),
            ("waits for aug (process 12 on other-host)", "waits for aug (process 12 on …)"),
            ("annabel and hannah, anna's", "annabel and hannah, …'s"),
            ("see https://example.org/a/b?c=/d", "see https://example.org/a/b?c=…"),
            ("recall 3/4, loss/step, a/b.csv, 1/2", "recall 3/4, loss/step, a/b.csv, 1/2"),
            ("../../anna/x and ~/y and ~", "… and … and ~"),
            ("--corpora=/mnt/a", "--corpora=…"),
            ("“/srv/a” «/srv/b» *//srv/c* @/srv/d", "“…” «…» *…* @…"),
            (r"C:\Users\zelda\x and \\server\share, file:///srv/x", "… and …, …"),
            ("$HOME/x costs $5, doi:10.1/x", "… costs $5, doi:10.1/x"),
            ("x = 1", "x = 1"),
        ] {
            assert_eq!(private.out_of(text), expected);
        }
    }

    #[test]
    fn a_command_keeps_what_decides_the_numbers() {
        let words = [
            "/home/anna/bin/seraug",
            "run",
            "/home/anna/experiments/open/x.toml",
            "--set",
            "preset=tiny",
            "--set",
            "slurm.account=chair7",
            "--set=slurm.partition=secret",
            "--corpora",
            "/mnt/corpora",
            "--results=r",
            "--jobs",
            "2",
        ];
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let shown = private().command(&words, "open/x").join(" ");
        assert_eq!(shown, "seraug run experiments/open/x.toml --set preset=tiny --jobs 2");
    }

    #[test]
    fn users_are_those_whose_homes_are_named() {
        assert_eq!(user_of("--corpora=/home/anna/x"), Some("anna"));
        assert_eq!(user_of("/Users/bo"), Some("bo"));
        assert_eq!(user_of("/mnt/data"), None);
    }
}
