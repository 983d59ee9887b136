//! Layers against the library in double, and against themselves with other vectors.

use super::*;
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

/// What is after the convolution, in double.
#[derive(Debug, Clone, Copy)]
enum Exact {
    Leaky(f64),
    Pool,
}

#[test]
fn layers_and_their_gradients_are_the_librarys() {
    for (kind, from, to, [height, width]) in SHAPES {
        for then in [Exact::Leaky(0.2), Exact::Leaky(0.0), Exact::Pool] {
            let (stride, side) = (kind.stride() as i64, kind.side() as i64);
            let x = normal("x", &[3, from, stride * height, stride * width]);
            let weight = normal("w", &[to, from, side, side]) / ((from * side * side) as f64).sqrt();
            let bias = normal("b", &[to]);
            let double = |t: &Tensor| t.to_kind(Kind::Double).set_requires_grad(true);
            let [dx, dw, db] = [&x, &weight, &bias].map(double);
            let before = dx.conv2d(&dw, Some(&db), [stride, stride], [1, 1], [1, 1], 1);
            let exact = match then {
                Exact::Leaky(slope) => before.maximum(&(&before * slope)),
                Exact::Pool => before.relu().max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false),
            };
            let up = normal("g", &exact.size());
            let gradients =
                Tensor::run_backward(&[(&exact * &up).sum(Kind::Double)], &[&dx, &dw, &db], false, false);

            let layer = PointWeight::new(kind, &weight, &bias, Ways::Both);
            let sides = [stride * height, stride * width].map(|n| n as usize);
            let input = Maps::before(kind, 3, sides, from as usize);
            input.tensor().copy_(&x.permute([0, 2, 3, 1]));
            let sides = [exact.size()[2], exact.size()[3]].map(|n| n as usize);
            let (y, places) = (Maps::bare(3, sides, to as usize), Maps::bare(3, sides, to as usize));
            let (after, kept) = match then {
                Exact::Leaky(slope) => (After::Leaky(slope as f32), &y),
                Exact::Pool => (After::Pool(Some(&places)), &places),
            };
            layer.forward(&input, &y, after);
            let nchw = |maps: &Maps| maps.tensor().permute([0, 3, 1, 2]);
            let what = format!("{kind:?} {from} {to} {then:?}");
            assert!(off(&nchw(&y), &exact) < 1e-5, "{what}: {}", off(&nchw(&y), &exact));
            if let Exact::Pool = then {
                let alone = y.like();
                layer.forward(&input, &alone, After::Pool(None));
                assert_eq!(alone.tensor(), y.tensor(), "{what}, without places");
            }

            let by_y = Maps::of(up.permute([0, 2, 3, 1]).contiguous());
            let (sums, by_x) = (WeightSums::new(&layer), input.like());
            layer.backward(&input, kept, &by_y, after, Some(&sums), Some(&by_x));
            let (by_weight, by_bias) = (weight.zeros_like(), bias.zeros_like());
            sums.write(&by_weight, &by_bias);
            for (name, ours, exact) in [
                ("x", &nchw(&by_x), &gradients[0]),
                ("weight", &by_weight, &gradients[1]),
                ("bias", &by_bias, &gradients[2]),
            ] {
                assert!(off(ours, exact) < 1e-5, "{what} {name}: {}", off(ours, exact));
            }
            let alone = input.like();
            layer.backward(&input, kept, &by_y, after, None, Some(&alone));
            assert_eq!(nchw(&alone), nchw(&by_x), "the gradient by x alone");
        }
    }
}

#[test]
fn nan_stays() {
    let x = normal("x", &[1, 8, 8, 16]);
    let _ = x.get(0).get(3).get(3).get(0).fill_(f64::NAN);
    let layer = PointWeight::new(Keeping, &normal("w", &[16, 16, 3, 3]), &normal("b", &[16]), Ways::Forward);
    let (input, y) = (Maps::before(Keeping, 1, [8, 8], 16), Maps::bare(1, [8, 8], 16));
    input.tensor().copy_(&x);
    layer.forward(&input, &y, After::Leaky(0.0));
    assert_eq!(y.tensor().get(0).get(3).get(3).isnan().all().int64_value(&[]), 1);
}
