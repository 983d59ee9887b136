//! The augmentor: from a window and noise to an augmented window (paper 2.1, 2.4).

use super::convolutions::{ConvolutionStack, ConvolutionsTape};
use super::layers::{Conv, MELS, own_steps};
use super::upsample::{FromPoint, Unfold, Upsample};
use crate::kernels::decoder::{self, ByDecoder, DecoderTape};
use crate::kernels::own_mean::{own_mean, own_mean_gradient};
use crate::torch::params::{Params, ParamsBuilder};
use seraug_core::rng::Seed;
use seraug_core::spec::{self, Latent, Noise, OutputActivation, ProjectionMean, Spec};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// Encoder of 3 convolutions, decoder of 2 transposed ones, projection.
#[derive(Debug)]
pub struct AugmentorNet {
    /// Its parameters.
    pub params: Params,
    encoder: ConvolutionStack,
    decoder: Decoder,
    settings: spec::Augmentor,
}

/// A forward pass, with what our kernels keep of it.
#[derive(Debug)]
pub struct AugmentorPass {
    /// The augmented windows.
    pub out: Tensor,
    tape: Option<AugmentorTape>,
}

impl AugmentorPass {
    /// As if only these rows had been asked for.
    pub fn part(self, rows: Range<usize>) -> AugmentorPass {
        let of = |t: &Tensor| t.narrow(0, rows.start as i64, rows.len() as i64);
        let tape = self.tape.map(|tape| AugmentorTape {
            decoded: tape.decoded.part(rows.clone()),
            of: tape.of.as_ref().map(of),
            ..tape
        });
        AugmentorPass { out: of(&self.out), tape }
    }
}

#[derive(Debug)]
struct AugmentorTape {
    convs: ConvolutionsTape,
    /// Own steps of each map.
    steps: Vec<usize>,
    /// Which window each row is of, where they are not one each.
    of: Option<Tensor>,
    decoder: decoder::DecoderWeights,
    decoded: DecoderTape,
}

/// FIDELITY.md row "latent 128D vector z".
#[derive(Debug)]
enum Decoder {
    Vector(FromPoint, Unfold),
    Map(Upsample, Upsample),
}

impl AugmentorNet {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> AugmentorNet {
        let settings = spec.augmentor.clone();
        let mut builder = ParamsBuilder::default();
        let b = &mut builder;
        let [w0, w1, z] = settings.widths;
        let (inputs, latent) = match settings.noise {
            Noise::Latent => (1, 2 * z),
            Noise::Input => (2, z),
        };
        let (width, init) = (settings.decoder_width, settings.init);
        let (encoder, decoder) = match settings.latent {
            Latent::Vector => (
                ConvolutionStack::halving(b, "encoder", inputs, &settings.widths),
                Decoder::Vector(
                    FromPoint::declare(
                        b,
                        "decoder.0",
                        [latent, width],
                        [settings.frames / 4, MELS / 4],
                        init,
                    ),
                    Unfold::declare(b, "decoder.1", width, init),
                ),
            ),
            Latent::Map => (
                ConvolutionStack::new(vec![
                    Conv::keeping(b, "encoder.0", [inputs, w0]),
                    Conv::halving(b, "encoder.1", [w0, w1]),
                    Conv::halving(b, "encoder.2", [w1, z]),
                ]),
                Decoder::Map(
                    Upsample::declare(b, "decoder.0", [latent, width], true, init),
                    Upsample::declare(b, "decoder.1", [width, 1], false, init),
                ),
            ),
        };
        let params = builder.build(seed.child("augmentor"), device).in_precision(spec.precision);
        AugmentorNet { params, encoder, decoder, settings }
    }

    /// N(0, 1) values that one augmentation of one window takes.
    pub fn noise_len(&self) -> usize {
        match self.settings.noise {
            Noise::Latent => self.settings.widths[2],
            Noise::Input => self.settings.frames * MELS,
        }
    }

    /// Frames of a window.
    pub fn frames(&self) -> usize {
        self.settings.frames
    }

    /// P [batch, 1, frames, 128] for windows `x` of that shape with `own` frames each (int64 [batch])
    /// and `noise` [batch, [`AugmentorNet::noise_len`]]. In single, whatever the layers compute in.
    pub fn perturbation(&self, x: &Tensor, own: &Tensor, noise: &Tensor) -> Tensor {
        self.decode(&self.latent(&self.encode(x, own, noise), noise))
    }

    /// The augmented windows; shapes as of [`AugmentorNet::perturbation`], `epsilon` [batch].
    pub fn augment(&self, x: &Tensor, own: &Tensor, noise: &Tensor, epsilon: &Tensor) -> Tensor {
        self.pass(x, own, None, noise, epsilon).out
    }

    /// As [`AugmentorNet::augment`], but each row of `noise` [rows, [`AugmentorNet::noise_len`]] and `epsilon` [rows] is for the
    /// window of `x` that `of` (int64 [rows]) names; gives [rows, 1, frames, 128]. A window is encoded once, if the noise
    /// enters later.
    pub fn augment_each(
        &self,
        x: &Tensor,
        own: &Tensor,
        of: &Tensor,
        noise: &Tensor,
        epsilon: &Tensor,
    ) -> Tensor {
        self.pass(x, own, Some(of), noise, epsilon).out
    }

    /// As [`AugmentorNet::augment_each`], every window once where `of` is none; to be gone back through once (where `of` is given,
    /// in as many rows of each window as it names).
    pub fn pass(
        &self,
        x: &Tensor,
        own: &Tensor,
        of: Option<&Tensor>,
        noise: &Tensor,
        epsilon: &Tensor,
    ) -> AugmentorPass {
        let each = |t: &Tensor| of.map_or_else(|| t.shallow_clone(), |of| t.index_select(0, of));
        let (windows, owns) = (each(x), each(own));
        let over = self.settings.projection_mean;
        if self.by_hand(x.device()) {
            let _no_grad = tch::no_grad_guard();
            let convs = self.encoder.record(&self.params, x, true);
            let map = convs.out();
            let steps = halved_thrice(own, map.size()[1]);
            let z = self.latent(&each(&own_mean(&map, &steps)), noise);
            let decoder = self.decoder_by_hand();
            let own = (over == ProjectionMean::Own).then_some(&owns);
            let (out, decoded) = decoder.forward(&windows, &z, epsilon, own);
            let of = of.map(Tensor::shallow_clone);
            return AugmentorPass { out, tape: Some(AugmentorTape { convs, steps, of, decoder, decoded }) };
        }
        let code = match self.settings.noise {
            Noise::Latent => each(&self.encode(x, own, noise)),
            Noise::Input => self.encode(&windows, &owns, noise),
        };
        let p = self.decode(&self.latent(&code, noise));
        AugmentorPass { out: project(&windows, &p, epsilon, &owns, over), tape: None }
    }

    /// The gradient by the parameters, flat, from that by what a pass gave, of its shape.
    pub fn gradient(&self, pass: AugmentorPass, by_out: &Tensor) -> Tensor {
        let Some(AugmentorTape { convs, steps, of, decoder, decoded }) = pass.tape else {
            // The library goes back from scalars alone.
            return self.params.gradient(&(&pass.out * by_out).sum(Kind::Float));
        };
        let _no_grad = tch::no_grad_guard();
        let flat = self.params.flat().empty_like();
        let by = self.params.views_of(&flat);
        let [weight, bias, second] = self.decoder_places();
        let by_decoder = ByDecoder { first: &by[weight], bias: &by[bias], second: &by[second] };
        let by_z = decoder.backward(&decoded, by_out, &by_decoder);
        let map = convs.out();
        let [batch, height, bands, channels] = map.size()[..] else {
            unreachable!("maps have four dimensions")
        };
        let mut by_code = by_z.narrow(1, 0, channels);
        if let Some(of) = of {
            by_code = by_code
                .new_zeros([batch, channels], (Kind::Float, by_code.device()))
                .index_add(0, &of, &by_code);
        }
        let by_map = own_mean_gradient(&by_code, &steps, [height as usize, bands as usize]);
        self.encoder.backward(&convs, &by_map, Some(&by), false);
        flat
    }

    /// Whether our kernels compute a pass.
    fn by_hand(&self, device: Device) -> bool {
        matches!(self.decoder, Decoder::Vector(..))
            && self.settings.noise == Noise::Latent
            && self.settings.output == OutputActivation::Linear
            && decoder::DecoderWeights::fits(
                2 * self.settings.widths[2],
                [self.settings.frames / 4, MELS / 4],
            )
            && self.encoder.by_hand(&self.params, device)
    }

    /// Our kernels' decoder.
    fn decoder_by_hand(&self) -> decoder::DecoderWeights {
        let [weight, bias, second] = self.decoder_places().map(|at| self.params.get(at));
        decoder::DecoderWeights::new(weight, bias, second)
    }

    /// Of the weight and the bias of the decoder's first layer and the weight of its second among the parameters.
    fn decoder_places(&self) -> [usize; 3] {
        let Decoder::Vector(first, second) = &self.decoder else { unreachable!("our kernels have no other") };
        let [weight, bias] = first.places();
        [weight, bias, second.place()]
    }

    /// What the decoder takes of the windows, beside noise that enters there.
    fn encode(&self, x: &Tensor, own: &Tensor, noise: &Tensor) -> Tensor {
        let p = &self.params;
        let input = match self.settings.noise {
            Noise::Latent => x.shallow_clone(),
            Noise::Input => Tensor::cat(&[x, &noise.view_as(x)], 1),
        };
        let map = self.encoder.graph(p, &input);
        match &self.decoder {
            Decoder::Vector(..) => mean_over_own(&map, own),
            Decoder::Map(..) => map,
        }
    }

    /// What the decoder reads.
    fn latent(&self, code: &Tensor, noise: &Tensor) -> Tensor {
        let z = match (self.settings.noise, &self.decoder) {
            (Noise::Input, _) => code.shallow_clone(),
            (Noise::Latent, Decoder::Vector(..)) => Tensor::cat(&[code, &noise.to_kind(code.kind())], 1),
            (Noise::Latent, Decoder::Map(..)) => {
                let everywhere = noise.unsqueeze(-1).unsqueeze(-1).expand_as(code);
                Tensor::cat(&[code, &everywhere.to_kind(code.kind())], 1)
            }
        };
        z.to_kind(self.params.kind())
    }

    /// P of latents, in single.
    fn decode(&self, z: &Tensor) -> Tensor {
        let p = &self.params;
        let out = match &self.decoder {
            Decoder::Vector(first, second) => second.forward(p, &first.forward(p, z).relu()),
            Decoder::Map(first, second) => second.forward(p, &first.forward(p, z).relu()),
        };
        let out = out.to_kind(Kind::Float);
        match self.settings.output {
            OutputActivation::Linear => out,
            OutputActivation::Tanh => out.tanh(),
            OutputActivation::Relu => out.relu(),
        }
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of one augmentation of one window.
    pub fn macs_per_sample(&self) -> u64 {
        let (sum, size) = self.encoder.macs(self.settings.frames);
        sum + match &self.decoder {
            Decoder::Vector(first, second) => first.macs() + second.macs(self.settings.frames),
            Decoder::Map(first, second) => {
                first.macs(size[0], size[1]) + second.macs(2 * size[0], 2 * size[1])
            }
        }
    }
}

/// X + epsilon P / (mean |P| + 1e-4), the mean per sample and with its gradient (viewmaker's l1
/// projection; FIDELITY.md row "projection formula"). Over own frames, P is zero on the others, so
/// that padding stays padding. `x`, `p` [batch, 1, frames, bands]; `epsilon`, `own` [batch].
pub fn project(x: &Tensor, p: &Tensor, epsilon: &Tensor, own: &Tensor, over: ProjectionMean) -> Tensor {
    let [_, _, frames, bands] = x.size()[..] else { unreachable!("a window has four dimensions") };
    let column = |t: &Tensor| t.view([-1, 1, 1, 1]);
    let (p, count) = match over {
        ProjectionMean::Own => {
            let mask = own_steps(own, 0, frames).view([-1, 1, frames, 1]).to_kind(p.kind());
            (p * mask, own.clamp(1, frames) * bands)
        }
        ProjectionMean::All => (p.shallow_clone(), own.full_like(frames * bands)),
    };
    let sum = p.abs().sum_dim_intlist([1, 2, 3].as_slice(), false, Kind::Float);
    x + p * column(&(epsilon / (sum / count + 1e-4)))
}

/// Mean of a map [batch, channels, steps, bands] over its bands and own steps, as [batch, channels].
/// The map is 8 times shorter than the input.
fn mean_over_own(map: &Tensor, own: &Tensor) -> Tensor {
    let steps = map.size()[2];
    let mask = own_steps(own, 3, steps).to_kind(Kind::Float);
    let weight = &mask / mask.sum_dim_intlist(1, true, Kind::Float);
    // Bands first: then the mask is applied to a map that is one value wide.
    (map.mean_dim(3, false, Kind::Float) * weight.unsqueeze(1)).sum_dim_intlist(2, false, Kind::Float)
}

/// Of `own` frames (int64 [batch]) the steps of a map that is 8 times shorter, of `steps`, as [`own_steps`] has them.
fn halved_thrice(own: &Tensor, steps: i64) -> Vec<usize> {
    let own = Vec::<i64>::try_from(own).expect("a vector of int64");
    own.into_iter().map(|own| ((own + 7) / 8).clamp(1, steps) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::spec::parse;

    /// By our kernels and by the library's graph: augmentations of windows that come again, and the gradient.
    #[test]
    fn a_pass_by_hand_is_the_graphs() {
        let text = "title = \"t\"\ncorpus = \"synthetic\"\npreset = \"tiny\"\nprotocol.leave-speakers-out.folds = 2\n\
                    classes = { neutral = [\"neutral\"], angry = [\"angry\"] }\ncondition = [{ name = \"no-aug\" }]\n";
        let net = AugmentorNet::new(&parse(text, "x.toml", &[]).unwrap(), Seed::new(3), Device::Cpu);
        if !net.by_hand(Device::Cpu) {
            return;
        }
        let normal = |name: &str, shape: &[i64]| {
            let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
            Seed::new(5).child(name).draws().fill_normal(&mut host);
            Tensor::from_slice(&host).view(shape)
        };
        let (x, own) = (normal("x", &[3, 1, 64, 128]), Tensor::from_slice(&[64i64, 20, 33]));
        let of = Tensor::from_slice(&[0i64, 1, 2, 0, 1, 2, 0, 1, 2]);
        let (noise, epsilon) = (normal("n", &[9, net.noise_len() as i64]), normal("e", &[9]).abs());
        let (windows, owns) = (x.index_select(0, &of), own.index_select(0, &of));
        let p = net.decode(&net.latent(&net.encode(&x, &own, &noise).index_select(0, &of), &noise));
        let graph = project(&windows, &p, &epsilon, &owns, net.settings.projection_mean);
        let up = normal("g", &[6, 1, 64, 128]);
        let library = net.params.gradient(&(graph.narrow(0, 3, 6) * &up).sum(Kind::Float));
        let pass = net.pass(&x, &own, Some(&of), &noise, &epsilon);
        assert!(pass.out.allclose(&graph, 1e-5, 1e-5, false));
        let ours = net.gradient(pass.part(3..9), &up);
        let views = net.params.views_of(&ours);
        for ((name, _), (ours, library)) in
            net.params.named().zip(views.iter().zip(net.params.views_of(&library)))
        {
            let scale = library.abs().max().double_value(&[]);
            let off = (ours - library).abs().max().double_value(&[]) / scale;
            assert!(off < 2e-5, "{name}: {off}");
        }
    }
}
