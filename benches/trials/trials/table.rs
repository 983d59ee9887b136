//! The rates as Markdown tables.

use super::candidate::Candidate;
use super::experiment::PLANTED;
use super::rate::Rate;
use seraug_report::render::text_table::TextTable;

/// A group of rates that are shown as one column: a kind of trial and a design, over all conditions and, but over corpora, all
/// numbers of seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    trial: &'static str,
    design: String,
    shape: String,
    /// Over corpora alone, where each corpus is one trial.
    seeds: Option<usize>,
}

impl Group {
    fn all(rates: &[Rate]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for trial in ["same", "coin", "corpora"] {
            for r in rates.iter().filter(|r| r.trial == trial) {
                let seeds = (trial == "corpora").then_some(r.seeds);
                let group = Group { trial, design: r.design.clone(), shape: r.shape.clone(), seeds };
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        groups
    }

    fn has(&self, r: &Rate) -> bool {
        let same = (r.trial, &r.design) == (self.trial, &self.design);
        same && self.seeds.is_none_or(|s| s == r.seeds)
    }

    fn title(&self) -> String {
        let seeds = match self.seeds {
            None => String::new(),
            Some(1) => ", 1 seed".into(),
            Some(n) => format!(", {n} seeds"),
        };
        format!("{}: {} ({}{seeds})", self.trial, self.design, self.shape)
    }
}

/// The tables: false alarms, standard errors over corpora, and power.
pub(crate) fn markdown(rates: &[Rate]) -> String {
    let groups = Group::all(rates);
    let mut text = false_alarms(rates, &groups).chapter(2) + "\n";
    text += &(errors(rates, &groups).chapter(2) + "\n");
    text += &(predicted(rates).chapter(2) + "\n");
    for group in groups.iter().filter(|g| g.trial != "coin") {
        text += &(power(rates, group).chapter(3) + "\n");
    }
    text
}

fn table(
    title: String,
    caption: &str,
    headings: Vec<String>,
    row: impl Fn(Candidate) -> Vec<String>,
) -> TextTable {
    let rows = Candidate::ALL.map(|c| [vec![c.name().to_owned()], row(c)].concat().into());
    TextTable {
        title,
        caption: caption.to_owned(),
        headings: [vec!["test".to_owned()], headings].concat(),
        rows: rows.to_vec(),
        words: 1,
        ..TextTable::default()
    }
}

fn false_alarms(rates: &[Rate], groups: &[Group]) -> TextTable {
    let cell = |group: &Group, test: Candidate| {
        let of: Vec<&Rate> =
            rates.iter().filter(|r| group.has(r) && r.planted == 0.0 && r.test == test.name()).collect();
        let (rejected, trials) = of.iter().fold((0, 0), |(a, b), r| (a + r.rejected, b + r.trials));
        let rate = 100.0 * rejected as f64 / trials.max(1) as f64;
        match (&of[..], group.seeds) {
            ([one], Some(_)) => {
                format!("{rate:.1} ({:.1} to {:.1}; {trials})", 100.0 * one.low, 100.0 * one.high)
            }
            _ => {
                let [low, high] =
                    [f64::min, f64::max].map(|f| of.iter().map(|r| 100.0 * r.rate).reduce(f).unwrap_or(0.0));
                format!("{rate:.1} ({low:.1} to {high:.1}; {trials})")
            }
        }
    };
    table(
        "False alarms".into(),
        "Percent of the trials in which a true hypothesis is rejected at 0.05, and the number of trials. same, coin: over all \
         conditions and numbers of seeds, with the lowest and the highest of those; corpora: with the 95 % interval of the rate.",
        groups.iter().map(Group::title).collect(),
        |test| groups.iter().map(|group| cell(group, test)).collect(),
    )
}

fn errors(rates: &[Rate], groups: &[Group]) -> TextTable {
    let groups: Vec<&Group> = groups.iter().filter(|g| g.trial == "corpora").collect();
    let cell = |group: &Group, test: Candidate| {
        let of = |r: &&Rate| group.has(r) && r.planted == 0.0 && r.test == test.name();
        rates.iter().find(of).and_then(|r| r.spread).map_or("–".to_owned(), |v| format!("{v:.2}"))
    };
    table(
        "Standard errors".into(),
        "Standard deviation of the difference from corpus to corpus over the standard error that the test takes it to have: 1 where \
         it is right, below 1 where it is too large.",
        groups.iter().map(|g| g.title()).collect(),
        |test| groups.iter().map(|group| cell(group, test)).collect(),
    )
}

fn power(rates: &[Rate], group: &Group) -> TextTable {
    let mut seeds: Vec<usize> = rates.iter().filter(|r| group.has(r)).map(|r| r.seeds).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let planted = || PLANTED.into_iter().filter(|v| *v > 0.0);
    let columns = || seeds.iter().flat_map(|s| planted().map(move |v| (*s, v)));
    let cell = |test: Candidate, seeds: usize, points: f64| {
        let of = |r: &&Rate| group.has(r) && r.seeds == seeds && r.planted == points && r.test == test.name();
        let (rejected, trials) =
            rates.iter().filter(of).fold((0, 0), |(a, b), r| (a + r.rejected, b + r.trials));
        format!("{:.0}", 100.0 * rejected as f64 / trials.max(1) as f64)
    };
    table(
        format!("Power: {}", group.title()),
        "Percent of the trials in which a planted difference of so many points is found.",
        columns().map(|(s, v)| format!("{v:.0} points, {s} seed{}", if s == 1 { "" } else { "s" })).collect(),
        |test| columns().map(|(s, v)| cell(test, s, v)).collect(),
    )
}

/// The power of the test over folds beside what `plan --power` says of it.
fn predicted(rates: &[Rate]) -> TextTable {
    let known: Vec<&Rate> = rates.iter().filter(|r| r.predicted.is_some()).collect();
    let mut settings: Vec<(&str, &str, usize)> = Vec::new();
    for r in &known {
        let setting = (r.design.as_str(), r.conditions.as_str(), r.seeds);
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    settings.sort_unstable();
    let cell = |setting: (&str, &str, usize), planted: f64| {
        let of = |r: &&&Rate| {
            (r.design.as_str(), r.conditions.as_str(), r.seeds) == setting && r.planted == planted
        };
        known.iter().find(of).map_or("–".to_owned(), |r| {
            format!("{:.0} / {:.0}", 100.0 * r.rate, 100.0 * r.predicted.unwrap_or(0.0))
        })
    };
    let row = |&(design, condition, seeds): &(&str, &str, usize)| {
        let head = vec![format!("{design}, {condition}"), seeds.to_string()];
        let cells = PLANTED.into_iter().map(|points| cell((design, condition, seeds), points));
        head.into_iter().chain(cells).collect::<Vec<String>>().into()
    };
    let points = PLANTED.map(|v| format!("{v:.0} points"));
    let differences: Vec<f64> =
        known.iter().map(|r| 100.0 * (r.rate - r.predicted.unwrap_or(0.0)).abs()).collect();
    let most = differences.iter().copied().reduce(f64::max).unwrap_or(0.0);
    let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
    TextTable {
        title: "Power, and what plan --power says".into(),
        caption: format!(
            "Percent of the trials \"same\" in which the t over folds finds a planted difference / the chance that plan --power states \
             from the spread of the trials with three seeds. They are {mean:.1} points apart on average, {most:.1} at most, over {} \
             settings.",
            known.len()
        ),
        headings: ["design, condition", "seeds"].map(str::to_owned).into_iter().chain(points).collect(),
        rows: settings.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}
