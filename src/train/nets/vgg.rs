//! VGG (Simonyan & Zisserman 2015) in torchvision's layout with one input channel: the emotion
//! classifier of the paper (3.1.1; FIDELITY.md row "VGG19 details").

use super::dropout;
use super::layers::channels_last;
use crate::kernels::adaptive_pool::AdaptivePool;
use crate::kernels::vector;
use crate::kernels::vgg_winograd::{Layers, Tape, Weight};
use crate::torch::params::{Params, ParamsBuilder, Start, load_all, save_all};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Five blocks of 3x3 convolutions with ReLU and a 2x2 max pool, an adaptive average pool, and a
/// head of three linear layers with dropout between them. Weights are named as torchvision names them.
#[derive(Debug)]
pub struct VggNet {
    params: Params,
    buffers: Params,
    blocks: Vec<Vec<VggConvolution>>,
    linears: [usize; 3],
    pool: AdaptivePool,
    spec: spec::Vgg,
    classes: usize,
    macs: u64,
    /// Whether passes go without the library's graph.
    by_hand: bool,
}

/// A training step's forward pass.
#[derive(Debug)]
pub struct Pass {
    /// [batch, classes], to take a loss of.
    pub logits: Tensor,
    tape: Option<Tape>,
}

/// A network with what its weights alone decide.
#[derive(Debug)]
pub struct Ready<'a> {
    net: &'a VggNet,
    weights: Option<Vec<Weight>>,
}

impl Ready<'_> {
    /// As [`VggNet::forward`].
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match &self.weights {
            None => self.net.graph(&self.net.shrink(x), false, None),
            Some(weights) => self.net.layers().forward(x, weights),
        }
    }
}

/// One convolution: the place of its weight in the parameters (its bias is the next), and that of
/// its batch norm's scale (the shift is the next) and running mean (the variance is the next).
#[derive(Debug)]
struct VggConvolution {
    weight: usize,
    norm: Option<(usize, usize)>,
}

impl VggNet {
    /// A network for segments of `segment_frames` x `mels`, He-initialised by fan-in with biases 0.
    /// Both sides must be at least 32 after `spec.shrink`.
    pub fn new(
        spec: &spec::Vgg,
        segment_frames: usize,
        mels: usize,
        classes: usize,
        seed: Seed,
        device: Device,
    ) -> VggNet {
        let (mut height, mut width) = (segment_frames / spec.shrink, mels / spec.shrink);
        assert!(
            height >= 32 && width >= 32,
            "{segment_frames} x {mels} frames and bands are too few for five pools"
        );
        let (mut params, mut buffers) = (ParamsBuilder::default(), ParamsBuilder::default());
        let (mut channels, mut layer, mut macs) = (1, 0, 0u64);
        let mut blocks = Vec::new();
        for (&out, &depth) in spec.widths.iter().zip(&spec.depths) {
            let mut block = Vec::new();
            for _ in 0..depth {
                let weight =
                    weight_and_bias(&mut params, &format!("features.{layer}"), &[out, channels, 3, 3]);
                layer += 1;
                let norm = spec.batch_norm.then(|| {
                    let at = (
                        constants(&mut params, layer, [("weight", 1.0), ("bias", 0.0)], out),
                        constants(&mut buffers, layer, [("running_mean", 0.0), ("running_var", 1.0)], out),
                    );
                    layer += 1;
                    at
                });
                block.push(VggConvolution { weight, norm });
                macs += (height * width * out * channels * 9) as u64;
                (channels, layer) = (out, layer + 1); // the ReLU takes a number too
            }
            (height, width, layer) = (height / 2, width / 2, layer + 1);
            blocks.push(block);
        }
        let sizes = [channels * spec.pooled * spec.pooled, spec.head, spec.head, classes];
        let linears = [0, 1, 2].map(|i| {
            macs += (sizes[i] * sizes[i + 1]) as u64;
            weight_and_bias(&mut params, &format!("classifier.{}", 3 * i), &[sizes[i + 1], sizes[i]])
        });
        VggNet {
            by_hand: spec.by_winograd(device == Device::Cpu, spec::Precision::F32) && vector::available(),
            params: params.build(seed, device),
            buffers: buffers.build(seed, device),
            blocks,
            linears,
            pool: AdaptivePool::new([height, width], spec.pooled, device),
            spec: spec.clone(),
            classes,
            macs,
        }
    }

    /// The same, computing in `precision`; batch norm's statistics, the last layer and the logits stay in single.
    pub fn in_precision(mut self, precision: spec::Precision) -> VggNet {
        self.by_hand &= self.spec.by_winograd(true, precision);
        self.params = self.params.in_precision(precision);
        self
    }

    /// Logits [batch, classes] of segments `x` [batch, 1, frames, mels]: without dropout, batch norm by its running
    /// statistics.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.prepare().forward(x)
    }

    /// For several [`Ready::forward`] with the weights as they are.
    pub fn prepare(&self) -> Ready<'_> {
        Ready { net: self, weights: self.by_hand.then(|| self.layers().weights()) }
    }

    /// As [`VggNet::forward`] in training: dropout draws its masks from `seed`, batch norm uses and moves the statistics of
    /// the batch.
    pub fn pass(&self, x: &Tensor, seed: Seed) -> Pass {
        let masks =
            dropout::masks(self.spec.dropout, &[2, x.size()[0], self.spec.head as i64], seed, x.device());
        if !self.by_hand {
            return Pass { logits: self.graph(&self.shrink(x), true, masks.as_ref()), tape: None };
        }
        let (logits, tape) = self.layers().record(x, masks);
        Pass { logits: logits.set_requires_grad(true), tape: Some(tape) }
    }

    /// The gradient of the scalar `loss` of a pass's logits by the trained values, flat.
    pub fn gradient(&self, pass: Pass, loss: &Tensor) -> Tensor {
        match pass.tape {
            None => self.params.gradient(loss),
            Some(tape) => {
                let by_logits = &Tensor::run_backward(&[loss], &[&pass.logits], false, false)[0];
                self.layers().backward(tape, by_logits)
            }
        }
    }

    fn layers(&self) -> Layers<'_> {
        let blocks = self.blocks.iter().map(|b| b.iter().map(|c| c.weight).collect()).collect();
        Layers {
            params: &self.params,
            blocks,
            linears: self.linears,
            pool: &self.pool,
            shrink: self.spec.shrink,
        }
    }

    fn shrink(&self, x: &Tensor) -> Tensor {
        let s = self.spec.shrink as i64;
        if s > 1 { x.avg_pool2d([s, s], [s, s], [0, 0], false, true, None) } else { x.shallow_clone() }
    }

    /// By the library, which can go back from the loss to every parameter.
    fn graph(&self, x: &Tensor, train: bool, masks: Option<&Tensor>) -> Tensor {
        let last = self.linears[2];
        let [weight, bias] = [last, last + 1].map(|p| self.params.get(p).to_kind(Kind::Float));
        self.hidden(x, train, masks).linear(&weight, Some(&bias))
    }

    /// What goes into the last layer, by the library.
    fn hidden(&self, x: &Tensor, train: bool, masks: Option<&Tensor>) -> Tensor {
        let mut x = x.to_kind(self.params.kind());
        for (i, block) in self.blocks.iter().enumerate() {
            for (j, conv) in block.iter().enumerate() {
                x = self.convolve(&x, conv, train);
                if j + 1 == block.len() {
                    // Before the ReLU, for the same values and gradients from a quarter of the work.
                    x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
                }
                x = x.relu_();
            }
            // Batch norm with the channels innermost sums in single there (see `batch_norm`).
            if i == 0 && x.device() == Device::Cpu && !self.spec.batch_norm {
                x = channels_last(&x);
            }
        }
        let mut x = self.pool.apply(&x).flatten(1, -1);
        let [first, second, _] = self.linears;
        for (i, at) in [first, second].into_iter().enumerate() {
            x = x.linear(self.params.get(at), Some(self.params.get(at + 1))).relu_();
            if let Some(masks) = masks {
                x = &x * masks.get(i as i64).to_kind(x.kind());
            }
        }
        x.to_kind(Kind::Float)
    }

    /// What the last hidden layer gives for segments `x` [batch, 1, frames, mels], without dropout: [batch,
    /// [`VggNet::embedding_len`]], in single.
    pub fn embedding(&self, x: &Tensor) -> Tensor {
        self.hidden(&self.shrink(x), false, None)
    }

    /// Units of the last hidden layer.
    pub fn embedding_len(&self) -> usize {
        self.spec.head
    }

    fn convolve(&self, x: &Tensor, conv: &VggConvolution, train: bool) -> Tensor {
        let p = |i| self.params.get(i);
        let x = x.conv2d(p(conv.weight), Some(p(conv.weight + 1)), [1, 1], [1, 1], [1, 1], 1);
        let Some((scale, running)) = conv.norm else { return x };
        let (mean, variance) = (self.buffers.get(running).detach(), self.buffers.get(running + 1).detach());
        // Its statistics are in single, and the library takes scale and shift in their kind alone.
        let (scale, shift) = (p(scale).to_kind(Kind::Float), p(scale + 1).to_kind(Kind::Float));
        let norm = |x: &Tensor| {
            x.batch_norm(Some(&scale), Some(&shift), Some(&mean), Some(&variance), train, 0.1, 1e-5, true)
        };
        match x.device() {
            Device::Cpu => on_flat_maps(&x, norm),
            _ => norm(&x),
        }
    }

    /// The trained values.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// What is not trained but saved with the weights: batch norm's running means and variances.
    pub fn buffers(&self) -> &Params {
        &self.buffers
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of trained values.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiplications with an addition of the convolutions and linear layers, for one segment.
    pub fn macs_per_sample(&self) -> u64 {
        self.macs
    }

    /// Writes weights and running statistics as one file of safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        save_all(&[&self.params, &self.buffers], path)
    }

    /// Reads what [`VggNet::save`] wrote.
    ///
    /// # Errors
    /// A file that does not hold exactly the tensors of this network.
    pub fn load(&mut self, path: &Path) -> Result<()> {
        load_all(&mut [&mut self.params, &mut self.buffers], path)
    }
}

/// `norm`, which works channel by channel, of maps `x` [batch, channels, height, width] as it is of [batch, channels,
/// height * width]. A CPU sums maps whose channels are innermost, or that could be read so, in single: a gradient is off by
/// up to 3e-2 of its largest value. Rows of two values or more are never read so, and their sums are in double.
fn on_flat_maps(x: &Tensor, norm: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let [batch, channels, height, width] = x.size()[..] else { panic!("[batch, channels, height, width]") };
    norm(&x.contiguous().view([batch, channels, height * width])).view([batch, channels, height, width])
}

fn weight_and_bias(builder: &mut ParamsBuilder, layer: &str, shape: &[usize]) -> usize {
    let long: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    let at = builder.add(format!("{layer}.weight"), &long, Start::he(shape[1..].iter().product(), 0.0));
    builder.add(format!("{layer}.bias"), &long[..1], Start::Constant(0.0));
    at
}

/// Two vectors of `size` equal values; the place of the first.
fn constants(builder: &mut ParamsBuilder, layer: usize, named: [(&str, f32); 2], size: usize) -> usize {
    named.map(|(name, value)| {
        builder.add(format!("features.{layer}.{name}"), &[size as i64], Start::Constant(value))
    })[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The convolutions of torchvision's `vgg19` have 20 024 384 parameters with three input channels,
    /// 1152 fewer with one; those of `vgg19_bn` 11 008 more. Its head starts from 512 maps of 7 x 7.
    #[test]
    fn vgg19_has_torchvisions_size() {
        let build = |batch_norm| {
            let spec = spec::Vgg { batch_norm, head: 16, ..spec::Vgg::default() };
            VggNet::new(&spec, 128, 128, 4, Seed::new(1), Device::Cpu)
        };
        let (convs, head) = (20_024_384 - 1152, 512 * 49 * 16 + 16 + 16 * 16 + 16 + 16 * 4 + 4);
        assert_eq!(build(false).param_count(), convs + head);
        let normed = build(true);
        assert_eq!((normed.param_count(), normed.buffers().count()), (convs + head + 11_008, 11_008));
    }

    #[test]
    fn macs_are_counted_after_the_shrink() {
        let spec = spec::Vgg {
            widths: [2, 3, 1, 1, 1],
            depths: [1, 2, 1, 1, 1],
            pooled: 1,
            head: 5,
            shrink: 2,
            ..spec::Vgg::default()
        };
        let net = VggNet::new(&spec, 64, 128, 4, Seed::new(1), Device::Cpu);
        let convs = 32 * 64 * 2 * 9 + 16 * 32 * (6 + 9) * 9 + 8 * 16 * 3 * 9 + 4 * 8 * 9 + 2 * 4 * 9;
        assert_eq!(net.macs_per_sample(), convs + 5 + 25 + 20);
    }

    /// Batch norm in training against its definition in double, values and gradients: of maps in either layout, and of a
    /// single channel, which lies in both.
    #[test]
    fn batch_norm_is_exact_whatever_the_layout() {
        for [batch, channels, height, width] in [[32, 16, 48, 48], [8, 5, 7, 3], [16, 1, 40, 40]] {
            let shape = [batch, channels, height, width];
            let normal = |name: &str, shape: &[i64]| {
                let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
                Seed::new(9).child(name).draws().fill_normal(&mut host);
                Tensor::from_slice(&host).view(shape)
            };
            let (x, up) = (normal("x", &shape) + 1.0, normal("up", &shape) + 0.5);
            let (scale, shift) = (normal("scale", &[channels]), normal("shift", &[channels]));
            let gradients = |y: &Tensor, up: &Tensor, of: &[&Tensor]| -> Vec<Tensor> {
                let mut all = Tensor::run_backward(&[(y * up).sum(y.kind())], of, false, false);
                all.push(y.detach());
                all
            };
            let double = |t: &Tensor| t.to_kind(Kind::Double).set_requires_grad(true);
            let (dx, dscale, dshift) = (double(&x), double(&scale), double(&shift));
            let over = &[0i64, 2, 3][..];
            let centred = &dx - dx.mean_dim(over, true, Kind::Double);
            let variance = (&centred * &centred).mean_dim(over, true, Kind::Double);
            let each = |t: &Tensor| t.view([1, channels, 1, 1]);
            let exact = centred / (variance + 1e-5).sqrt() * each(&dscale) + each(&dshift);
            let exact = gradients(&exact, &up.to_kind(Kind::Double), &[&dx, &dscale, &dshift]);
            for last in [false, true] {
                let lay = |t: &Tensor| if last { channels_last(t) } else { t.copy() };
                let leaf = |t: Tensor| t.detach().set_requires_grad(true);
                let (fx, fscale, fshift) = (leaf(lay(&x)), leaf(scale.copy()), leaf(shift.copy()));
                let y = on_flat_maps(&fx, |x| {
                    let none = None::<&Tensor>;
                    x.batch_norm(Some(&fscale), Some(&fshift), none, none, true, 0.1, 1e-5, true)
                });
                let ours = gradients(&y, &lay(&up), &[&fx, &fscale, &fshift]);
                for (i, (ours, exact)) in ours.iter().zip(&exact).enumerate() {
                    let off =
                        (ours.to_kind(Kind::Double) - exact).abs().max() / exact.abs().max().clamp_min(1e-2);
                    assert!(off.double_value(&[]) < 2e-5, "{shape:?} last {last}: {i} is off by {off:?}");
                }
            }
        }
    }

    /// A whole training pass against the same network in double: no layer before or behind batch norm brings back another layout.
    #[test]
    fn a_gradient_through_batch_norm_is_that_of_double() {
        let spec = spec::Vgg {
            widths: [8, 8, 16, 16, 16],
            depths: [1, 2, 1, 1, 1],
            pooled: 2,
            head: 16,
            dropout: 0.0,
            batch_norm: true,
            ..spec::Vgg::default()
        };
        let net = VggNet::new(&spec, 64, 64, 3, Seed::new(4), Device::Cpu);
        let mut host = vec![0f32; 16 * 64 * 64];
        Seed::new(6).draws().fill_normal(&mut host);
        let x = Tensor::from_slice(&host).view([16, 1, 64, 64]) + 5.0;
        let y = Tensor::from_slice(&(0..16).map(|i| i % 3).collect::<Vec<i64>>());
        let pass = net.pass(&x, Seed::new(1));
        let loss = pass.logits.cross_entropy_for_logits(&y);
        let ours = net.gradient(pass, &loss).to_kind(Kind::Double);
        let flat = net.params().flat().to_kind(Kind::Double).set_requires_grad(true);
        let exact = Tensor::run_backward(
            &[in_double(&net, &flat, &x).cross_entropy_for_logits(&y)],
            &[&flat],
            false,
            false,
        );
        let off = ((&ours - &exact[0]).abs().max() / exact[0].abs().max()).double_value(&[]);
        assert!(off < 1e-4, "off by {off}");
    }

    /// The training pass of a network without dropout, from its flat parameters in double.
    fn in_double(net: &VggNet, flat: &Tensor, x: &Tensor) -> Tensor {
        let p = net.params.views_of(flat);
        let mut x = x.to_kind(Kind::Double);
        for block in &net.blocks {
            for conv in block {
                x = x.conv2d(&p[conv.weight], Some(&p[conv.weight + 1]), [1, 1], [1, 1], [1, 1], 1);
                let Some((scale, _)) = conv.norm else {
                    x = x.relu();
                    continue;
                };
                let over = &[0i64, 2, 3][..];
                let centred = &x - x.mean_dim(over, true, Kind::Double);
                let variance = (&centred * &centred).mean_dim(over, true, Kind::Double);
                let each = |t: &Tensor| t.view([1, -1, 1, 1]);
                x = (centred / (variance + 1e-5).sqrt() * each(&p[scale]) + each(&p[scale + 1])).relu();
            }
            x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        }
        let mut x = x.adaptive_avg_pool2d([net.spec.pooled as i64; 2]).flatten(1, -1);
        for (i, &at) in net.linears.iter().enumerate() {
            x = x.linear(&p[at], Some(&p[at + 1]));
            if i < 2 {
                x = x.relu();
            }
        }
        x
    }

    /// Value and gradient of a network that goes by hand against the same in double, of as many parts as threads.
    #[test]
    fn a_pass_by_hand_is_that_of_double() {
        let widths = [[8, 16, 16, 24, 8], [16, 16, 32, 16, 16], [8, 8, 8, 8, 8]];
        for (case, widths) in widths.into_iter().enumerate() {
            let spec = spec::Vgg {
                widths,
                depths: [[1, 2, 1, 2, 1], [2, 1, 2, 1, 1], [1, 1, 1, 1, 1]][case],
                pooled: 2,
                head: 16,
                dropout: 0.0,
                shrink: case + 1,
                ..spec::Vgg::default()
            };
            // Not all multiples of 2 between the pools.
            let (height, width) = ([36, 70, 96][case], [44, 94, 141][case]);
            let net = VggNet::new(&spec, height, width, 3, Seed::new(4), Device::Cpu);
            assert_eq!(net.by_hand, vector::available());
            let mut host = vec![0f32; 5 * height * width];
            Seed::new(6).draws().fill_normal(&mut host);
            let x = Tensor::from_slice(&host).view([5, 1, height as i64, width as i64]);
            let y = Tensor::from_slice(&(0..5).map(|i| i % 3).collect::<Vec<i64>>());
            let flat = net.params().flat().to_kind(Kind::Double).set_requires_grad(true);
            let logits = in_double(&net, &flat, &net.shrink(&x));
            let exact = Tensor::run_backward(&[logits.cross_entropy_for_logits(&y)], &[&flat], false, false);
            let off = |ours: &Tensor, exact: &Tensor| {
                let off = (ours.to_kind(Kind::Double) - exact).abs().max() / exact.abs().max();
                off.double_value(&[])
            };
            for threads in [1, 2, 5] {
                tch::set_num_threads(threads);
                let pass = net.pass(&x, Seed::new(1));
                assert_eq!(tch::get_num_threads(), threads);
                assert!(off(&pass.logits.detach(), &logits.detach()) < 2e-5, "{case} {threads}");
                let alone = net.forward(&x);
                assert!(off(&alone, &logits.detach()) < 2e-5, "{case} {threads}");
                let loss = pass.logits.cross_entropy_for_logits(&y);
                let ours = net.gradient(pass, &loss);
                assert!(off(&ours, &exact[0]) < 2e-5, "{case} {threads}: {}", off(&ours, &exact[0]));
            }
            tch::set_num_threads(1);
        }
    }
}
