//! The claims in numbers, and the attack on each.

use std::path::Path;
use std::sync::Arc;

use heavynorm::norms::{self, combinators::scaled::Scaled};
use heavynorm::oracles::Clipping;
use heavynorm::spec::{Dimensions, MomentOrder, NoiseScale, Norm};
use heavynorm_proofs_check::falsify::dual::ClaimedDual;
use heavynorm_proofs_check::falsify::{
    Budget, FalsifyError, Finding, Source, bias, dual, gap, hessian, moment, shape, smoothness,
};

use super::super::output::number;
use super::super::subject::{self, Subject, sides, within};
use super::claims::{ClaimName, Examined};
use super::file::File;
use crate::error::Failure;

/// The claims in numbers.
pub(super) struct Case {
    pub(super) subject: Subject,
    pub(super) clipping: Option<Clipping<f64>>,
    pub(super) smoothness: Option<f64>,
    pub(super) hessian: Option<f64>,
    pub(super) gap: Option<f64>,
    pub(super) moment: Option<moment::Claim>,
    pub(super) shape: Dimensions,
    pub(super) dual: Box<dyn Norm<f64>>,
}

/// A claim's number: given, or the subject's own.
fn value(
    key: &str,
    given: Option<&toml::Value>,
    least: f64,
    own: impl FnOnce() -> Result<f64, Failure>,
) -> Result<Option<f64>, Failure> {
    let number = match given {
        None => return Ok(None),
        Some(toml::Value::String(word)) if word == "own" => return own().map(Some),
        Some(toml::Value::Float(x)) => *x,
        Some(toml::Value::Integer(x)) => *x as f64,
        Some(other) => {
            return Err(within("claims", &format!("{key} must be a number or \"own\", not {other}")));
        }
    };
    if number.is_finite() && number >= least {
        return Ok(Some(number));
    }
    Err(within("claims", &format!("{key} must be a finite number of at least {least}, not {number}")))
}

impl Case {
    pub(super) fn new(file: &File, folder: &Path) -> Result<Self, Failure> {
        let tables = subject::Tables { problem: &file.problem, norm: &file.norm, noise: file.noise.as_ref() };
        let subject = tables.build(folder)?;
        let (f, norm, claims) = (subject.sampling.problem(), &subject.norm, &file.claims);
        let clipping = match &file.oracle {
            None => None,
            Some(oracle) => {
                Some(Clipping::new(Arc::clone(norm), oracle.clip).map_err(|e| within("oracle", &e))?)
            }
        };
        let l =
            value("smoothness", claims.smoothness.as_ref(), 0.0, || Ok(f.smoothness(&**norm)?.constant()))?;
        let rho =
            value("hessian", claims.hessian.as_ref(), 0.0, || Ok(f.hessian_lipschitz(&**norm)?.constant()))?;
        let delta = value("gap", claims.gap.as_ref(), 0.0, || Ok(f.gap()?.delta()))?;
        let moment = match (&claims.sigma, claims.p) {
            (None, None) => None,
            (Some(sigma), Some(p)) => {
                let p = MomentOrder::new(p).map_err(|e| within("claims", &e))?;
                let own = || {
                    if clipping.is_some() {
                        return Err(within(
                            "claims",
                            &"no sigma of a clipped oracle is known: state a number",
                        ));
                    }
                    let stated = subject.sampling.noise_moment(&**norm, p)?.noise_scale(p);
                    let none = || {
                        within(
                            "claims",
                            &format!("the noise has no moment of order {}: take a smaller p", p.p()),
                        )
                    };
                    Ok(stated.ok_or_else(none)?.sigma())
                };
                let sigma = value("sigma", Some(sigma), 0.0, own)?.unwrap_or_default();
                Some(moment::Claim { sigma: NoiseScale::new(sigma)?, p })
            }
            (Some(_), None) => {
                return Err(within("claims", &"sigma needs p: E||N||_*^p <= sigma^p, 1 < p <= 2"));
            }
            (None, Some(_)) => return Err(within("claims", &"p needs sigma: E||N||_*^p <= sigma^p")),
        };
        let shape = claims.shape.as_deref().map_or(Ok(f.dimensions()), |text| {
            sides(text).map_err(|e| within("claims", &format!("shape: {e}")))
        })?;
        let dual = match &claims.dual {
            None => norms::build(&file.norm)?,
            Some(table) => {
                claimed_dual(&file.norm, table).map_err(|e| within("claims", &format!("dual: {e}")))?
            }
        };
        dual.ball(f.dimensions())?;
        Ok(Self { clipping, smoothness: l, hessian: rho, gap: delta, moment, shape, dual, subject })
    }

    pub(super) fn source(&self, seed: u64) -> Source<'_> {
        match &self.clipping {
            None => Source::of(&self.subject.sampling, seed),
            Some(clipping) => Source::clipped(&self.subject.sampling, seed, clipping.clone()),
        }
    }

    /// What a test of the mean may presuppose: the claim, or else what the noise states.
    fn presupposed(&self) -> Result<Option<moment::Claim>, Failure> {
        if self.moment.is_some() || self.clipping.is_some() {
            return Ok(self.moment);
        }
        for p in [2.0, 1.5, 1.2, 1.05] {
            let p = MomentOrder::new(p)?;
            let stated = self.subject.sampling.noise_moment(&*self.subject.norm, p)?.noise_scale(p);
            if let Some(sigma) = stated {
                return Ok(Some(moment::Claim { sigma, p }));
            }
        }
        Ok(None)
    }

    /// Every claim under attack, in the order of the table.
    pub(super) fn attack(&self, budget: Budget, say: &dyn Fn(ClaimName)) -> Result<Vec<Examined>, Failure> {
        let (f, norm) = (self.subject.sampling.problem(), &*self.subject.norm);
        let source = self.source(budget.seed);
        let mut all = Vec::new();
        let mut examine =
            |claim: ClaimName, stated: String, found: &dyn Fn() -> Result<Finding, FalsifyError>| {
                say(claim);
                let Finding { witness, tried } =
                    found().map_err(|e| Failure::Input(format!("{claim} cannot be examined: {e}")))?;
                all.push(Examined { claim, stated, witness, tried });
                Ok::<(), Failure>(())
            };
        examine(ClaimName::Shape, format!("{}", self.shape), &|| {
            shape::falsify(f, Some(&source), self.shape, budget)
        })?;
        examine(ClaimName::Dual, "dual norm and LMO".into(), &|| {
            dual::falsify(&*self.dual, f.dimensions(), budget)
        })?;
        if let Some(l) = self.smoothness {
            examine(ClaimName::Smoothness, format!("L = {}", number(l)), &|| {
                smoothness::falsify(f, norm, l, budget)
            })?;
        }
        if let Some(rho) = self.hessian {
            examine(ClaimName::Hessian, format!("rho = {}", number(rho)), &|| {
                hessian::falsify(f, norm, rho, budget)
            })?;
        }
        if let Some(delta) = self.gap {
            examine(ClaimName::Gap, format!("Delta = {}", number(delta)), &|| {
                gap::falsify(f, delta, budget)
            })?;
        }
        if let Some(claim) = self.moment {
            let stated = format!("sigma = {}, p = {}", number(claim.sigma.sigma()), number(claim.p.p()));
            examine(ClaimName::Moment, stated, &|| moment::falsify(f, norm, &source, claim, budget))?;
        }
        let presupposed = self.presupposed()?;
        examine(ClaimName::Unbiased, "E g = grad f".into(), &|| {
            bias::falsify(f, norm, &source, presupposed, budget)
        })?;
        Ok(all)
    }
}

/// `dual = { name = .., factor = .. }`, the factor 1 if it is left out.
fn claimed_dual(norm: &toml::Table, table: &toml::Table) -> Result<Box<dyn Norm<f64>>, Failure> {
    let mut table = table.clone();
    // `scaled` has a factor of its own.
    let is_scaled = table.get("name").and_then(toml::Value::as_str) == Some("scaled");
    let factor = if is_scaled { None } else { table.remove("factor") };
    let mut dual = norms::build::<f64>(&table)?;
    if let Some(factor) = factor {
        let number = factor.as_float().or(factor.as_integer().map(|x| x as f64));
        let number =
            number.ok_or_else(|| Failure::Input(format!("factor must be a number, not {factor}")))?;
        dual = Box::new(Scaled::new(number, dual)?);
    }
    Ok(Box::new(ClaimedDual::new(norms::build(norm)?, dual)))
}
