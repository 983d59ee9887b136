//! L2-regularised logistic regression as scikit-learn's `make_pipeline(StandardScaler(), LogisticRegression())`.

use super::Point;

/// Iterations after which the fit is taken as it is.
const ITERATIONS: usize = 500;
/// Largest entry of the gradient at which the fit ends; the loss is a sum over points, and lower ones are lost in its rounding.
const TOLERANCE: f64 = 1e-6;
/// Share of the loss below which a descent is rounding.
const ROUNDING: f64 = 1e-14;
/// Steps that L-BFGS remembers.
const MEMORY: usize = 10;

/// A fitted regression: log-odds linear in standardised values.
#[derive(Debug)]
pub struct LogisticRegression {
    mean: Point,
    deviation: Point,
    /// Weights of each output, its constant last. Two classes have one output, for the second.
    weights: Vec<f64>,
    classes: usize,
}

/// The sum of the losses of standardised points, and half the squared weights.
struct Objective<'a> {
    points: &'a [Point],
    labels: &'a [usize],
    /// Weight of each point in the sum.
    of: &'a [f64],
    outputs: usize,
}

impl LogisticRegression {
    /// Fits `classes` classes with C = 1 and a constant that is not penalised. `balanced` weights a point by the inverse of the share
    /// of its class, so that all classes count the same. Without points every class has the same odds.
    pub fn fit(points: &[Point], labels: &[usize], classes: usize, balanced: bool) -> LogisticRegression {
        let (d, n) = (points.first().map_or(0, Vec::len), points.len().max(1) as f64);
        let mean: Point = (0..d).map(|j| points.iter().map(|p| p[j]).sum::<f64>() / n).collect();
        let spread = |j: usize| (points.iter().map(|p| (p[j] - mean[j]).powi(2)).sum::<f64>() / n).sqrt();
        let deviation: Point = (0..d).map(spread).map(|s| if s > 1e-12 { s } else { 1.0 }).collect();
        let outputs = if classes == 2 { 1 } else { classes };
        let mut fitted =
            LogisticRegression { mean, deviation, weights: vec![0.0; outputs * (d + 1)], classes };
        let scaled: Vec<Point> = points.iter().map(|p| fitted.scaled(p)).collect();
        let mut counts = vec![0usize; classes];
        labels.iter().for_each(|&l| counts[l] += 1);
        let present = counts.iter().filter(|c| **c > 0).count() as f64;
        let weight = |l: &usize| if balanced { n / (present * counts[*l] as f64) } else { 1.0 };
        let of: Vec<f64> = labels.iter().map(weight).collect();
        minimise(&Objective { points: &scaled, labels, of: &of, outputs }, &mut fitted.weights);
        fitted
    }

    /// Log-odds of each class up to a constant; of two classes 0 and the odds of the second.
    pub fn scores(&self, point: &Point) -> Vec<f64> {
        let x = self.scaled(point);
        let scores: Vec<f64> = self.weights.chunks(x.len() + 1).map(|w| linear(w, &x)).collect();
        if self.classes == 2 { vec![0.0, scores[0]] } else { scores }
    }

    /// The class with the highest score; of equal ones the first.
    pub fn class(&self, point: &Point) -> usize {
        let scores = self.scores(point);
        (1..scores.len()).fold(0, |best, c| if scores[c] > scores[best] { c } else { best })
    }

    fn scaled(&self, point: &Point) -> Point {
        let each = point.iter().zip(self.mean.iter().zip(&self.deviation));
        each.map(|(v, (mean, deviation))| (v - mean) / deviation).collect()
    }
}

fn linear(weights: &[f64], x: &[f64]) -> f64 {
    weights[x.len()] + dot(&weights[..x.len()], x)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Objective<'_> {
    /// The value, and the gradient by the weights.
    fn at(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let width = weights.len() / self.outputs;
        let mut by = vec![0.0; weights.len()];
        let mut value = 0.0;
        for ((x, &label), &weight) in self.points.iter().zip(self.labels).zip(self.of) {
            let mut scores: Vec<f64> = weights.chunks(width).map(|w| linear(w, x)).collect();
            if self.outputs == 1 {
                scores.insert(0, 0.0);
            }
            let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - highest).exp()).sum();
            value += weight * (highest + sum.ln() - scores[label]);
            for (o, by) in by.chunks_mut(width).enumerate() {
                let class = if self.outputs == 1 { 1 } else { o };
                let share = (scores[class] - highest).exp() / sum - f64::from(u8::from(class == label));
                by.iter_mut().zip(x).for_each(|(b, x)| *b += weight * share * x);
                by[width - 1] += weight * share;
            }
        }
        for (i, w) in weights.iter().enumerate().filter(|(i, _)| (i + 1) % width != 0) {
            value += 0.5 * w * w;
            by[i] += w;
        }
        (value, by)
    }
}

/// L-BFGS with a backtracking line search; the objective is convex.
fn minimise(objective: &Objective, weights: &mut Vec<f64>) {
    let (mut value, mut gradient) = objective.at(weights);
    let mut memory: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for _ in 0..ITERATIONS {
        if gradient.iter().all(|g| g.abs() < TOLERANCE) {
            return;
        }
        let direction = descent(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        let first = 1.0 / dot(&gradient, &gradient).sqrt().max(1.0);
        let mut length = if memory.is_empty() { first } else { 1.0 };
        let (next, (lower, by)) = loop {
            let next: Vec<f64> = weights.iter().zip(&direction).map(|(w, d)| w + length * d).collect();
            let found = objective.at(&next);
            if found.0 <= value + 1e-4 * length * slope {
                break (next, found);
            }
            length *= 0.5;
            // No descent is left that f64 can tell.
            if length < 1e-12 {
                return;
            }
        };
        let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let (step, change) = (less(&next, weights), less(&by, &gradient));
        if dot(&step, &change) > 1e-14 {
            memory.push((step, change));
            if memory.len() > MEMORY {
                memory.remove(0);
            }
        }
        let gained = value - lower;
        (*weights, value, gradient) = (next, lower, by);
        if gained <= ROUNDING * value.abs() {
            return;
        }
    }
}

/// Minus the gradient times the inverse Hessian that `memory`, steps and changes of the gradient, makes likely.
fn descent(gradient: &[f64], memory: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change) in memory.iter().rev() {
        let share = dot(step, &q) / dot(step, change);
        q.iter_mut().zip(change).for_each(|(q, c)| *q -= share * c);
        shares.push(share);
    }
    if let Some((step, change)) = memory.last() {
        let scale = dot(step, change) / dot(change, change);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((step, change), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(change, &q) / dot(step, change);
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (share - back) * s);
    }
    q
}
