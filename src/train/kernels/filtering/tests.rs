//! Layers against the library in double, and against themselves with other vectors.

use super::*;
use crate::kernels::vector::available;
use seraug_core::rng::Seed;

fn normal(name: &str, shape: &[i64]) -> Tensor {
    let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
    Seed::new(5).child(name).draws().fill_normal(&mut host);
    Tensor::from_slice(&host).view(shape)
}

fn off(ours: &Tensor, exact: &Tensor) -> f64 {
    let scale = exact.abs().max().double_value(&[]);
    (ours.to_kind(Kind::Double) - exact).abs().max().double_value(&[]) / scale
}

/// Channels, rows and columns of the output; also sides that no tile fits.
const SHAPES: [(Convolution, i64, i64, [i64; 2]); 8] = [
    (Halving, 16, 32, [8, 8]),
    (Halving, 8, 16, [2, 4]),
    (Halving, 24, 8, [5, 7]),
    (Halving, 64, 128, [4, 12]),
    (Keeping, 16, 32, [8, 6]),
    (Keeping, 8, 8, [3, 9]),
    (Keeping, 48, 64, [12, 4]),
    (Keeping, 256, 136, [5, 8]),
];

#[test]
fn layers_and_their_gradients_are_the_librarys() {
    if !available() {
        return;
    }
    for (kind, from, to, [height, width]) in SHAPES {
        for slope in [0.2, 0.0] {
            let (stride, side) = (kind.stride() as i64, kind.side() as i64);
            let x = normal("x", &[3, from, stride * height, stride * width]);
            let weight = normal("w", &[to, from, side, side]) / ((from * side * side) as f64).sqrt();
            let (bias, up) = (normal("b", &[to]), normal("g", &[3, to, height, width]));
            let double = |t: &Tensor| t.to_kind(Kind::Double).set_requires_grad(true);
            let [dx, dw, db] = [&x, &weight, &bias].map(double);
            let before = dx.conv2d(&dw, Some(&db), [stride, stride], [1, 1], [1, 1], 1);
            let after = before.maximum(&(&before * slope));
            let exact =
                Tensor::run_backward(&[(&after * &up).sum(Kind::Double)], &[&dx, &dw, &db], false, false);

            let layer = PointWeight::new(kind, &weight, &bias, true);
            let sides = [stride * height, stride * width].map(|n| n as usize);
            let input = Maps::before(kind, 3, sides, from as usize);
            input.tensor().copy_(&x.permute([0, 2, 3, 1]));
            let y = Maps::bare(3, [height as usize, width as usize], to as usize);
            layer.forward(&input, &y, slope as f32);
            let nchw = |maps: &Maps| maps.tensor().permute([0, 3, 1, 2]);
            assert!(off(&nchw(&y), &after) < 1e-5, "{kind:?} {from} {to}: {}", off(&nchw(&y), &after));

            let by_y = Maps::of(up.permute([0, 2, 3, 1]).contiguous());
            let (sums, by_x) = (WeightSums::new(&layer), input.like());
            layer.backward(&input, &y, &by_y, slope as f32, Some(&sums), Some(&by_x));
            let (by_weight, by_bias) = (weight.zeros_like(), bias.zeros_like());
            sums.write(&layer, &by_weight, &by_bias);
            for (name, ours, exact) in [
                ("x", &nchw(&by_x), &exact[0]),
                ("weight", &by_weight, &exact[1]),
                ("bias", &by_bias, &exact[2]),
            ] {
                assert!(off(ours, exact) < 1e-5, "{kind:?} {from} {to} {name}: {}", off(ours, exact));
            }
            let alone = input.like();
            layer.backward(&input, &y, &by_y, slope as f32, None, Some(&alone));
            assert_eq!(nchw(&alone), nchw(&by_x), "the gradient by x alone");
        }
    }
}

#[test]
fn nan_stays() {
    if !available() {
        return;
    }
    let x = normal("x", &[1, 8, 8, 16]);
    let _ = x.get(0).get(3).get(3).get(0).fill_(f64::NAN);
    let layer = PointWeight::new(Keeping, &normal("w", &[16, 16, 3, 3]), &normal("b", &[16]), false);
    let (input, y) = (Maps::before(Keeping, 1, [8, 8], 16), Maps::bare(1, [8, 8], 16));
    input.tensor().copy_(&x);
    layer.forward(&input, &y, 0.0);
    assert_eq!(y.tensor().get(0).get(3).get(3).isnan().all().int64_value(&[]), 1);
}
