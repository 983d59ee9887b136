//! Maps in memory, and their tiles of 4 x 4 outputs.

use super::Maps;

/// Rows and columns of the output that a tile gives.
pub(super) const SIDE: usize = 4;

/// Maps [images, rows, columns, channels] in memory.
#[derive(Debug, Clone, Copy)]
pub struct MapView {
    /// The first value of the first image.
    pub start: *mut f32,
    /// Values from a row to the next.
    pub row: usize,
    /// Values from an image to the next.
    pub image: usize,
    /// Values of a pixel.
    pub channels: usize,
}

impl MapView {
    /// Where a pixel is.
    ///
    /// # Safety
    /// It is one of the maps.
    #[inline(always)]
    pub unsafe fn pixel(&self, image: usize, row: usize, column: usize) -> *mut f32 {
        let at = image * self.image + row * self.row + column * self.channels;
        // SAFETY: the caller's.
        unsafe { self.start.add(at) }
    }
}

/// What follows a convolution and its bias.
#[derive(Debug, Clone, Copy)]
pub enum After<M> {
    /// LeakyReLU of this slope.
    Leaky(f32),
    /// ReLU and its 2x2 max pool (see [`crate::kernels::max_pool`]), whose places go into these maps, where they are wanted.
    Pool(Option<M>),
}

impl<M> After<M> {
    /// Pixels of the convolution to one of what comes out, in each direction.
    #[inline(always)]
    pub fn side(&self) -> usize {
        match self {
            After::Leaky(_) => 1,
            After::Pool(_) => 2,
        }
    }
}

impl After<&Maps> {
    /// The same for a kernel, which gives `y`.
    pub(in crate::kernels) fn maps(&self, y: &Maps) -> After<MapView> {
        match *self {
            After::Leaky(slope) => After::Leaky(slope),
            After::Pool(places) => After::Pool(places.map(|places| {
                assert!(places.same_sides(y));
                places.map()
            })),
        }
    }
}

/// Sizes of a layer and of the maps that its convolution gives.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    /// Channels of its input.
    pub from: usize,
    /// Channels of its output.
    pub to: usize,
    /// Rows of its convolution's output.
    pub height: usize,
    /// Columns of its convolution's output.
    pub width: usize,
    /// Maps.
    pub images: usize,
}

impl Layer {
    /// Tiles of a map.
    pub(super) fn tiles_of_image(&self) -> usize {
        self.height.div_ceil(SIDE) * self.width.div_ceil(SIDE)
    }

    /// Tiles of all maps.
    pub(super) fn tiles(&self) -> usize {
        self.images * self.tiles_of_image()
    }

    /// Where a tile is.
    #[inline(always)]
    pub(super) fn tile(&self, tile: usize) -> Tile {
        let across = self.width.div_ceil(SIDE);
        let (image, tile) = (tile / self.tiles_of_image(), tile % self.tiles_of_image());
        let (row, column) = (tile / across * SIDE, tile % across * SIDE);
        Tile { image, row, column, rows: self.height - row, columns: self.width - column }
    }
}

/// Where a tile's outputs are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    pub image: usize,
    /// Of its first output.
    pub row: usize,
    /// Of its first output.
    pub column: usize,
    /// Rows from there to the end of the map, which may be fewer than a tile's.
    pub rows: usize,
    /// Columns likewise.
    pub columns: usize,
}
