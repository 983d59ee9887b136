//! The layer against the library in double.

use super::*;
use seraug_core::rng::Seed;
use tch::Kind;

#[test]
fn the_layer_and_its_gradients_are_the_librarys() {
    for (kind, to, [height, width]) in [
        (Convolution::Halving, 16, [12, 20]),
        (Convolution::Halving, 8, [4, 6]),
        (Convolution::Halving, 24, [6, 34]),
        (Convolution::Keeping, 16, [12, 20]),
        (Convolution::Keeping, 8, [3, 7]),
        (Convolution::Keeping, 24, [2, 35]),
    ] {
        let (stride, side) = (kind.stride() as i64, if kind == Convolution::Halving { 4 } else { 3 });
        let normal = |name: &str, shape: &[i64]| {
            let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
            Seed::new(5).child(name).draws().fill_normal(&mut host);
            Tensor::from_slice(&host).view(shape)
        };
        let (x, w, b) =
            (normal("x", &[3, 1, height, width]), normal("w", &[to, 1, side, side]), normal("b", &[to]));
        let double = |t: &Tensor| t.to_kind(Kind::Double).set_requires_grad(true);
        let [dx, dw, db] = [&x, &w, &b].map(double);
        let before = dx.conv2d(&dw, Some(&db), [stride, stride], [1, 1], [1, 1], 1);
        for pools in [false, true] {
            let exact = match pools {
                false => before.maximum(&(&before * 0.2)),
                true => before.relu().max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false),
            };
            let up = normal("g", &exact.size());
            let gradients =
                Tensor::run_backward(&[(&exact * &up).sum(Kind::Double)], &[&dx, &dw, &db], true, false);
            let layer = OneChannel::new(kind, &w, &b);
            let input = Bordered::new(&x);
            let sides = [exact.size()[2], exact.size()[3]].map(|n| n as usize);
            let (y, places) = (Maps::bare(3, sides, to as usize), Maps::bare(3, sides, to as usize));
            let (after, kept) =
                if pools { (After::Pool(Some(&places)), &places) } else { (After::Leaky(0.2), &y) };
            layer.forward(&input, &y, after);
            let close = |ours: &Tensor, exact: &Tensor| {
                assert!(ours.to_kind(Kind::Double).allclose(exact, 1e-5, 2e-5, false), "{to} channels")
            };
            close(&y.tensor().permute([0, 3, 1, 2]), &exact);
            let by_y = Maps::of(up.permute([0, 2, 3, 1]).contiguous());
            let sums = layer.sums();
            let by_x = x.empty_like();
            layer.backward(&input, kept, &by_y, after, Some(&sums), Some(&by_x));
            let (by_weight, by_bias) = (w.zeros_like(), b.zeros_like());
            sums.write(&by_weight, &by_bias);
            close(&by_x, &gradients[0]);
            close(&by_weight, &gradients[1]);
            close(&by_bias, &gradients[2]);
        }
    }
}
