//! Labels of points that must not lie on each other.

/// Height of a label in pixels.
pub(super) const LINE: i32 = 14;

/// A label of a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// What it says.
    pub(super) text: String,
    /// Its left end, in pixels.
    pub(super) left: i32,
    /// Room that it takes to the right.
    pub(super) wide: i32,
    /// Whether it ends before its point.
    pub(super) before: bool,
    /// The height of its point.
    pub(super) wanted: i32,
    /// Its own height, at its middle.
    pub(super) y: i32,
}

impl Tag {
    /// Where a line from its point meets it.
    pub(super) fn end(&self) -> (i32, i32) {
        (if self.before { self.left + self.wide + 2 } else { self.left - 2 }, self.y)
    }

    fn meets(&self, other: &Tag) -> bool {
        self.left < other.left + other.wide
            && other.left < self.left + self.wide
            && (self.y - other.y).abs() < LINE
    }
}

/// Moves labels up and down until none lies on another, each as little as that takes and in the order of their points, between two
/// heights. Those that had to move together, and end before their points, end in one line.
pub(super) fn spread(tags: &mut [Tag], [top, bottom]: [i32; 2]) {
    let mut group: Vec<usize> = (0..tags.len()).collect();
    // Each round joins two groups at least, or is the last one.
    while let Some((a, b)) = meeting(tags, &group) {
        let (from, to) = (group[a].max(group[b]), group[a].min(group[b]));
        group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
        let mut members: Vec<usize> = (0..tags.len()).filter(|i| group[*i] == to).collect();
        members.sort_by_key(|i| tags[*i].wanted);
        let end = members.iter().filter(|i| tags[**i].before).map(|i| tags[*i].left + tags[*i].wide).min();
        let wanted: Vec<f64> = members.iter().map(|i| f64::from(tags[*i].wanted)).collect();
        let heights = apart(&wanted);
        let first = heights.first().copied().unwrap_or(0).clamp(top, bottom.max(top));
        let last = first + heights.last().copied().unwrap_or(0) - heights.first().copied().unwrap_or(0);
        let moved = first - heights.first().copied().unwrap_or(0) - (last - bottom).max(0);
        for (i, height) in std::iter::zip(members, heights) {
            tags[i].y = height + moved;
            if let Some(end) = end.filter(|_| tags[i].before) {
                tags[i].left = end - tags[i].wide;
            }
        }
    }
}

/// Two labels of different groups that lie on each other.
fn meeting(tags: &[Tag], group: &[usize]) -> Option<(usize, usize)> {
    let pairs = (0..tags.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    pairs.into_iter().find(|(a, b)| group[*a] != group[*b] && tags[*a].meets(&tags[*b]))
}

/// Heights in the order of `wanted` with a line between any two, nearest to those in the sense of least squares (pool adjacent
/// violators).
fn apart(wanted: &[f64]) -> Vec<i32> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (i, height) in wanted.iter().enumerate() {
        let mut block = (height - f64::from(LINE) * i as f64, 1);
        while let Some((mean, count)) = blocks.last().copied().filter(|last| last.0 > block.0) {
            blocks.pop();
            let all = count + block.1;
            block = ((mean * count as f64 + block.0 * block.1 as f64) / all as f64, all);
        }
        blocks.push(block);
    }
    let levels = blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    levels.enumerate().map(|(i, level)| level.round() as i32 + LINE * i as i32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(left: i32, wanted: i32) -> Tag {
        Tag { text: String::new(), left, wide: 50, before: true, wanted, y: wanted }
    }

    #[test]
    fn labels_that_lie_on_each_other_move_apart_in_the_order_of_their_points() {
        let mut tags = vec![tag(100, 52), tag(110, 50), tag(95, 51), tag(300, 51), tag(100, 200)];
        spread(&mut tags, [0, 400]);
        // The middle of the three stays; all end where the first of them did.
        assert_eq!(tags.iter().map(|t| t.y).collect::<Vec<_>>(), [65, 37, 51, 51, 200]);
        assert_eq!(tags.iter().map(|t| t.left).collect::<Vec<_>>(), [95, 95, 95, 300, 100]);
    }

    #[test]
    fn a_label_that_is_pushed_pushes_the_next_and_none_leaves_the_figure() {
        let mut tags: Vec<Tag> = [395, 396, 397, 380, 360].map(|y| tag(0, y)).into();
        spread(&mut tags, [0, 400]);
        let mut heights: Vec<i32> = tags.iter().map(|t| t.y).collect();
        assert!(heights.iter().all(|y| (0..=400).contains(y)), "{heights:?}");
        heights.sort_unstable();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= LINE), "{heights:?}");
        assert!(tags[4].y < tags[3].y && tags[3].y < tags[0].y && tags[1].y < tags[2].y);
    }
}
