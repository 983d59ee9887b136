//! One LSTM layer on a CPU, forward and back, for few units: the library's own spends most of its time between its kernels.
//! Gates are in PyTorch's order: input, forget, cell, output.

use super::filtering::values;
use super::product::{Left, ProductPlace, Right, Size, product};
use super::vector::{Vector, in_vectors, sigmoid, tanh};
use tch::{Device, Kind, Tensor};

/// Weights [4 units, inputs] and [4 units, units], and the sum of both biases [4 units].
#[derive(Debug)]
pub struct LstmWeights {
    input: Tensor,
    state: Tensor,
    /// The weights transposed.
    input_columns: Tensor,
    state_columns: Tensor,
    bias: Tensor,
    inputs: usize,
    units: usize,
}

/// What the backward pass needs of the forward one; all [steps, batch, ..].
#[derive(Debug)]
pub struct LstmTape {
    x: Tensor,
    /// After their nonlinearities, [steps, batch, 4 units].
    gates: Tensor,
    cells: Tensor,
    h: Tensor,
}

impl LstmTape {
    /// What comes out, [steps, batch, units].
    pub fn h(&self) -> &Tensor {
        &self.h
    }
}

fn memory(shape: [usize; 3]) -> Tensor {
    Tensor::empty(shape.map(|n| n as i64), (Kind::Float, Device::Cpu))
}

impl LstmWeights {
    /// Of PyTorch's four parameters: weight_ih, weight_hh, bias_ih, bias_hh.
    pub fn new([input, state, input_bias, state_bias]: [&Tensor; 4]) -> LstmWeights {
        let _no_grad = tch::no_grad_guard();
        let (input, state) = (input.detach().contiguous(), state.detach().contiguous());
        LstmWeights {
            inputs: input.size()[1] as usize,
            units: state.size()[1] as usize,
            input_columns: input.tr().contiguous(),
            state_columns: state.tr().contiguous(),
            input,
            state,
            bias: input_bias.detach() + state_bias.detach(),
        }
    }

    fn sizes(&self, x: &Tensor) -> [usize; 2] {
        let [steps, batch, inputs] = x.size()[..] else { panic!("[steps, batch, inputs]") };
        assert_eq!(inputs as usize, self.inputs);
        [steps as usize, batch as usize]
    }

    /// [steps, batch, inputs] to [steps, batch, units], the state from zero.
    pub fn forward(&self, x: Tensor) -> LstmTape {
        let [steps, batch] = self.sizes(&x);
        let (inputs, units) = (self.inputs, self.units);
        let gates = memory([steps, batch, 4 * units]);
        gates.shallow_clone().copy_(&self.bias.expand_as(&gates));
        let (cells, h) = (memory([steps, batch, units]), memory([steps, batch, units]));
        let (g, c, out) = (values(&gates), values(&cells), values(&h));
        let step = batch * units;
        // SAFETY: all have the sizes stated.
        unsafe {
            let a = Left { start: values(&x), row: inputs, column: 1 };
            let b = Right { start: values(&self.input_columns), row: 4 * units };
            let to = ProductPlace { start: g, row: 4 * units, adds: true };
            product(a, b, to, Size { rows: steps * batch, depth: inputs, columns: 4 * units });
            for t in 0..steps {
                let gates = g.add(t * 4 * step);
                if t > 0 {
                    let a = Left { start: out.add((t - 1) * step), row: units, column: 1 };
                    let b = Right { start: values(&self.state_columns), row: 4 * units };
                    let to = ProductPlace { start: gates, row: 4 * units, adds: true };
                    product(a, b, to, Size { rows: batch, depth: units, columns: 4 * units });
                }
                let before = if t > 0 { c.add((t - 1) * step).cast_const() } else { std::ptr::null() };
                step_forward(gates, before, c.add(t * step), out.add(t * step), batch, units);
            }
        }
        LstmTape { x, gates, cells, h }
    }

    /// The gradient by x from `by_h` [steps, batch, units], and those by PyTorch's four parameters into `by`, where it is given.
    pub fn backward(&self, tape: LstmTape, by_h: &Tensor, by: Option<[&Tensor; 4]>) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let [steps, batch] = self.sizes(&tape.x);
        let (inputs, units) = (self.inputs, self.units);
        let by_h = by_h.contiguous().copy();
        assert_eq!(by_h.size(), tape.h.size());
        let by_gates = memory([steps, batch, 4 * units]);
        let by_cell = Tensor::zeros([batch as i64, units as i64], (Kind::Float, Device::Cpu));
        let by_x = memory([steps, batch, inputs]);
        let (g, dg, c) = (values(&tape.gates), values(&by_gates), values(&tape.cells));
        let step = batch * units;
        // SAFETY: all have the sizes stated.
        unsafe {
            for t in (0..steps).rev() {
                let gates = dg.add(t * 4 * step);
                step_backward(&StepBack {
                    gates: g.add(t * 4 * step),
                    before: if t > 0 { c.add((t - 1) * step).cast_const() } else { std::ptr::null() },
                    cell: c.add(t * step),
                    by_h: values(&by_h).add(t * step),
                    by_cell: values(&by_cell),
                    by_gates: gates,
                    batch,
                    units,
                });
                if t > 0 {
                    let a = Left { start: gates, row: 4 * units, column: 1 };
                    let b = Right { start: values(&self.state), row: units };
                    let to =
                        ProductPlace { start: values(&by_h).add((t - 1) * step), row: units, adds: true };
                    product(a, b, to, Size { rows: batch, depth: 4 * units, columns: units });
                }
            }
            let a = Left { start: dg, row: 4 * units, column: 1 };
            let b = Right { start: values(&self.input), row: inputs };
            let to = ProductPlace { start: values(&by_x), row: inputs, adds: false };
            product(a, b, to, Size { rows: steps * batch, depth: 4 * units, columns: inputs });
            if let Some([by_input, by_state, ..]) = by {
                let a = |start| Left { start, row: 1, column: 4 * units };
                let b = Right { start: values(&tape.x), row: inputs };
                let to = ProductPlace { start: values(by_input), row: inputs, adds: false };
                product(a(dg), b, to, Size { rows: 4 * units, depth: steps * batch, columns: inputs });
                let b = Right { start: values(&tape.h), row: units };
                let to = ProductPlace { start: values(by_state), row: units, adds: false };
                let depth = (steps - 1) * batch;
                product(a(dg.add(4 * step)), b, to, Size { rows: 4 * units, depth, columns: units });
            }
        }
        if let Some([.., input_bias, state_bias]) = by {
            let sum = by_gates.sum_dim_intlist([0i64, 1].as_slice(), false, Kind::Float);
            input_bias.shallow_clone().copy_(&sum);
            state_bias.shallow_clone().copy_(&sum);
        }
        by_x
    }
}

#[inline(always)]
unsafe fn one_step<V: Vector>(
    gates: *mut f32,
    before: *const f32,
    cell: *mut f32,
    h: *mut f32,
    batch: usize,
    units: usize,
) {
    for row in 0..batch {
        for u in (0..units).step_by(V::LANES) {
            // SAFETY: the caller's.
            unsafe {
                let gates = gates.add(row * 4 * units + u);
                let at = row * units + u;
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates.add(gate * units));
                let (input, forget) = (sigmoid(V::load(i)), sigmoid(V::load(f)));
                let (new, output) = (tanh(V::load(g)), sigmoid(V::load(o)));
                let kept =
                    if before.is_null() { V::splat(0.0) } else { forget.times(V::load(before.add(at))) };
                let now = input.mul_add(new, kept);
                for (place, value) in [(i, input), (f, forget), (g, new), (o, output)] {
                    value.store(place);
                }
                now.store(cell.add(at));
                output.times(tanh(now)).store(h.add(at));
            }
        }
    }
}

/// What goes back through a step reads and writes.
struct StepBack {
    /// After their nonlinearities, [batch, 4 units].
    gates: *const f32,
    /// Cells of the step before; null: zeros.
    before: *const f32,
    cell: *const f32,
    by_h: *const f32,
    /// Carried to the step before.
    by_cell: *mut f32,
    /// By the gates before their nonlinearities.
    by_gates: *mut f32,
    batch: usize,
    units: usize,
}

#[inline(always)]
unsafe fn one_step_back<V: Vector>(s: &StepBack) {
    let StepBack { gates, before, cell, by_h, by_cell, by_gates, batch, units } = *s;
    let one = V::splat(1.0);
    for row in 0..batch {
        for u in (0..units).step_by(V::LANES) {
            // SAFETY: the caller's.
            unsafe {
                let at = row * units + u;
                let place = |gate: usize| row * 4 * units + gate * units + u;
                let [input, forget, new, output] = [0, 1, 2, 3].map(|gate| V::load(gates.add(place(gate))));
                let (by_h, squashed) = (V::load(by_h.add(at)), tanh(V::load(cell.add(at))));
                let through = one.minus(squashed.times(squashed)).times(by_h.times(output));
                let by = V::load(by_cell.add(at)).plus(through);
                let kept = if before.is_null() { V::splat(0.0) } else { V::load(before.add(at)) };
                let sigmoids = |value: V, by: V| by.times(value).times(one.minus(value));
                sigmoids(input, by.times(new)).store(by_gates.add(place(0)));
                sigmoids(forget, by.times(kept)).store(by_gates.add(place(1)));
                by.times(input).times(one.minus(new.times(new))).store(by_gates.add(place(2)));
                sigmoids(output, by_h.times(squashed)).store(by_gates.add(place(3)));
                by.times(forget).store(by_cell.add(at));
            }
        }
    }
}

in_vectors! {
    /// From the gates before their nonlinearities and the cells of the step before (null: zeros), both [batch, ..].
    fn step_forward(gates: *mut f32, before: *const f32, cell: *mut f32, h: *mut f32, batch: usize, units: usize)
        = one_step, units
}
in_vectors! {
    /// The gradients of a step.
    fn step_backward(s: &StepBack) = one_step_back, s.units
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    #[test]
    fn values_and_gradients_are_the_librarys() {
        for [steps, batch, inputs, units] in [[4, 6, 24, 16], [1, 3, 8, 8], [3, 5, 16, 24]] {
            let normal = |name: &str, shape: &[i64]| {
                let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
                Seed::new(5).child(name).draws().fill_normal(&mut host);
                Tensor::from_slice(&host).view(shape)
            };
            let x = normal("x", &[steps, batch, inputs]);
            let shapes = [vec![4 * units, inputs], vec![4 * units, units], vec![4 * units], vec![4 * units]];
            let weights: Vec<Tensor> =
                shapes.iter().enumerate().map(|(i, s)| normal(&i.to_string(), s) * 0.3).collect();
            let up = normal("g", &[steps, batch, units]);
            let leaf = |t: &Tensor| t.to_kind(Kind::Double).set_requires_grad(true);
            let (dx, dw) = (leaf(&x), weights.iter().map(leaf).collect::<Vec<_>>());
            let zero = Tensor::zeros([1, batch, units], (Kind::Double, Device::Cpu));
            let exact =
                dx.lstm(&[&zero, &zero], &dw.iter().collect::<Vec<_>>(), true, 1, 0.0, true, false, false).0;
            let mut of = vec![&dx];
            of.extend(&dw);
            let gradients = Tensor::run_backward(&[(&exact * &up).sum(Kind::Double)], &of, false, false);

            let [a, b, c, d] = &weights[..] else { unreachable!() };
            let lstm = LstmWeights::new([a, b, c, d]);
            let tape = lstm.forward(x.copy());
            let close = |ours: &Tensor, exact: &Tensor| {
                assert!(ours.to_kind(Kind::Double).allclose(exact, 1e-5, 2e-6, false), "{steps} {batch}")
            };
            close(tape.h(), &exact);
            let by: Vec<Tensor> = weights.iter().map(Tensor::zeros_like).collect();
            let by_x = lstm.backward(tape, &up, Some([&by[0], &by[1], &by[2], &by[3]]));
            close(&by_x, &gradients[0]);
            by.iter().zip(&gradients[1..]).for_each(|(ours, exact)| close(ours, exact));
        }
    }
}
