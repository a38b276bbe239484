//! Where a call's picture goes: SVG or PNG, as the file's name says.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::drawing::{Panel, draw, png};
use crate::error::Failure;
use crate::store;

/// The options of a call that can draw.
#[derive(Debug, Args)]
pub(super) struct PictureArgs {
    /// Draw into this .svg or .png file; an existing file is refused.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Replace the picture's file if it exists.
    #[arg(long, requires = "picture")]
    force: bool,
}

impl PictureArgs {
    /// The picture that is asked for.
    pub(super) fn wanted(&self) -> Result<Option<Picture<'_>>, Failure> {
        self.picture.as_deref().map(|path| Picture::at(path, self.force)).transpose()
    }
}

/// A picture's file, refused before anything is computed if its name says no format, or if it exists and may not be replaced.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    path: &'a Path,
    as_png: bool,
}

impl<'a> Picture<'a> {
    fn at(path: &'a Path, replace: bool) -> Result<Self, Failure> {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        let as_png = match extension.as_ref().and_then(|e| e.to_str()) {
            Some("svg") => false,
            Some("png") => true,
            _ => {
                let name = path.display();
                return Err(Failure::Input(format!(
                    "a picture is written as .svg or .png; {name} is neither"
                )));
            }
        };
        if !replace && std::fs::symlink_metadata(path).is_ok() {
            let name = path.display();
            return Err(Failure::Input(format!(
                "{name} exists: name another file, or replace it with --force"
            )));
        }
        Ok(Self { path, as_png })
    }

    pub(super) fn write(&self, panels: &[Panel], columns: usize) -> Result<(), Failure> {
        let svg = draw(panels, columns).map_err(Failure::Check)?;
        let bytes = if self.as_png { png(&svg).map_err(Failure::Check)? } else { svg.into_bytes() };
        Ok(store::write_atomically(self.path, &bytes)?)
    }
}
