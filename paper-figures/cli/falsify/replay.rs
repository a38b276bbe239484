//! A kept witness, evaluated again.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use heavynorm::spec::{MomentOrder, NoiseScale};
use heavynorm_proofs_check::falsify::{
    FalsifyError, Measured, Sampled, bias, dual, gap, hessian, moment, shape, smoothness,
};
use serde_json::{Value, json};

use super::super::output::{number, print, print_json};
use super::super::subject::in_file;
use super::case::Case;
use super::claims::ClaimName;
use super::file::File;
use super::folder::{Kept, WITNESS};
use super::text::finite;
use crate::error::Failure;
use crate::npy;

/// Evaluates a kept witness again, from its files alone.
pub(super) fn replay(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let path = folder.join(WITNESS);
    let damaged = |e: &dyn Display| Failure::Input(format!("{}: not a witness ({e})", path.display()));
    let text = fs::read_to_string(&path).map_err(|e| {
        Failure::Input(format!(
            "cannot read {}: {e}; give the folder of one claim, such as DIR/smoothness",
            path.display()
        ))
    })?;
    let kept: Kept = serde_json::from_str(&text).map_err(|e| damaged(&e))?;
    let file: File = toml::from_str(&kept.file).map_err(|e| damaged(&e))?;
    let case = Case::new(&file, folder).map_err(|e| in_file(&path, e))?;
    let (sides, fresh) = evaluate(&case, &kept, folder)?;
    if as_json {
        print_json(&json!({
            "claim": kept.claim, "law": kept.law, "broken": sides.breaks(), "measured": finite(sides.measured),
            "claimed": finite(sides.claimed), "rounding": finite(sides.rounding),
            "fresh_samples_break_it": fresh.map(Measured::breaks),
        }))?;
    } else {
        let again = fresh.map_or("", |fresh| {
            if fresh.breaks() {
                "on fresh samples: broken as well\n"
            } else {
                "on fresh samples: not broken\n"
            }
        });
        print(&format!(
            "{}: {}\nmeasured {}, claimed {}, rounding at most {}: {}\n{again}",
            kept.claim,
            kept.law,
            number(sides.measured),
            number(sides.claimed),
            number(sides.rounding),
            if sides.breaks() { "BROKEN" } else { "not broken" }
        ))?;
    }
    if sides.breaks() { Err(Failure::Check(format!("the claim {} is broken", kept.claim))) } else { Ok(()) }
}

/// The two sides, and for samples the same on samples that the search has not seen.
fn evaluate(case: &Case, kept: &Kept, folder: &Path) -> Result<(Measured, Option<Measured>), Failure> {
    let matrix =
        |name: &str| -> Result<_, Failure> { Ok(npy::read_matrix(&folder.join(format!("{name}.npy")))?) };
    let number = |name: &str| {
        let found = kept.numbers.get(name).and_then(Value::as_f64);
        found.ok_or_else(|| Failure::Input(format!("the witness has no number {name}")))
    };
    let missing = || Failure::Input(format!("the file of the witness makes no claim {}", kept.claim));
    let refused = |e: FalsifyError| Failure::Input(format!("{}: {e}", folder.display()));
    let (f, norm) = (case.subject.sampling.problem(), &*case.subject.norm);
    // Matrices of another shape would meet in an inner product.
    let here = |name: &str| {
        let x = matrix(name)?;
        let (found, space) = (x.dimensions(), f.dimensions());
        if found.as_ref() == Ok(&space) {
            return Ok(x);
        }
        Err(Failure::Input(format!(
            "{name}.npy is {}x{}, the problem lives on {space}",
            x.nrows(),
            x.ncols()
        )))
    };
    let source = case.source(kept.seed);
    let samples = || -> Result<[Sampled; 2], Failure> {
        let draws = number("draws")?;
        if !(1.0..=1e9).contains(&draws) {
            return Err(Failure::Input(format!("the witness has {draws} draws")));
        }
        let how =
            Sampled { stream: number("stream")? as u64, draws: draws as usize, level: number("level")? };
        Ok([how, Sampled { stream: how.stream ^ 0b10, ..how }])
    };
    let law = kept.law.as_str();
    let sides = match kept.claim {
        ClaimName::Smoothness => {
            let l = case.smoothness.ok_or_else(missing)?;
            smoothness::measure(f, norm, &here("X")?, &here("Y")?, &here("W")?, l)
        }
        ClaimName::Hessian => {
            let rho = case.hessian.ok_or_else(missing)?;
            hessian::measure(f, norm, [&here("X")?, &here("Y")?], &here("Z")?, &here("W")?, rho)
        }
        ClaimName::Gap => Ok(gap::measure(f, &here("X")?, case.gap.ok_or_else(missing)?)),
        ClaimName::Dual => dual::measure(&*case.dual, law, &here("S")?, &here("X")?),
        ClaimName::Shape if law == shape::SIDES => Ok(shape::measure_sides(&matrix("A")?, case.shape)),
        ClaimName::Shape => shape::measure_derivative(f, law, &here("X")?, &here("Z")?),
        ClaimName::Moment => {
            let (claim, x) = (case.moment.ok_or_else(missing)?, here("X")?);
            if law == moment::SAMPLED {
                let (tau, [how, fresh]) = (number("clip")?, samples()?);
                let test =
                    |how| moment::measure_samples(f, norm, &source, &x, claim, (how, tau)).map_err(refused);
                return Ok((test(how)?, Some(test(fresh)?)));
            }
            if law == moment::STATED {
                moment::measure_stated(f, norm, &source, &x, claim)
                    .and_then(|sides| sides.ok_or_else(|| FalsifyError::UnknownLaw(law.into())))
            } else {
                let listed = (source.law)(&x).ok_or(FalsifyError::NoLaw).map_err(refused)?;
                moment::measure_law(f, norm, &listed, &x, claim)
            }
        }
        ClaimName::Unbiased => {
            let (x, w) = (here("X")?, here("W")?);
            if law == bias::SAMPLED {
                let claim = moment::Claim {
                    sigma: NoiseScale::new(number("sigma")?)?,
                    p: MomentOrder::new(number("p")?)?,
                };
                let (bet, [how, fresh]) = (number("bet")?, samples()?);
                let test = |how| {
                    bias::measure_samples(f, norm, &source, (&x, &w), claim, (how, bet)).map_err(refused)
                };
                return Ok((test(how)?, Some(test(fresh)?)));
            }
            let listed = (source.law)(&x).ok_or(FalsifyError::NoLaw).map_err(refused)?;
            bias::measure_law(f, norm, &listed, &x, &w)
        }
    };
    Ok((sides.map_err(refused)?, None))
}
