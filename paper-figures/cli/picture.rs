//! Where a call's picture goes: SVG or PNG, as the file's name says.

use std::path::{Path, PathBuf};

use crate::drawing::{Panel, draw, png};
use crate::error::Failure;
use crate::store;

/// A picture's file, refused before anything is computed if its name says no format.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    path: &'a Path,
    as_png: bool,
}

impl<'a> Picture<'a> {
    pub(super) fn at(path: &'a Path) -> Result<Self, Failure> {
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
        Ok(Self { path, as_png })
    }

    pub(super) fn optional(path: Option<&'a PathBuf>) -> Result<Option<Self>, Failure> {
        path.map(|path| Self::at(path)).transpose()
    }

    pub(super) fn write(&self, panels: &[Panel], columns: usize) -> Result<(), Failure> {
        let svg = draw(panels, columns).map_err(Failure::Check)?;
        let bytes = if self.as_png { png(&svg).map_err(Failure::Check)? } else { svg.into_bytes() };
        Ok(store::write_atomically(self.path, &bytes)?)
    }
}
