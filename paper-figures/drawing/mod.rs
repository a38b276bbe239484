//! Panels of curves with intervals, as SVG and PNG.

mod panel;
mod png;

pub use panel::{Curve, Panel, Point, draw};
pub use png::png;

/// The font of every text, shipped so that a picture does not depend on the machine.
pub const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans-subset.ttf");

/// Colours that stay apart for the colour-blind (Okabe and Ito).
pub const PALETTE: [(u8, u8, u8); 7] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (90, 90, 90), (0, 0, 0)];
