//! The search for counterexamples: planted falsehoods are found, true claims are left alone.

use std::sync::Arc;

use heavynorm::norms;
use heavynorm::oracles::{Clipping, Sampling};
use heavynorm::problems::{self, Built};
use heavynorm::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, MomentOrder, NoiseScale, Norm, OracleError, Problem,
    ProblemError, Smoothness, StochasticOracle,
};
use heavynorm_proofs_check::falsify::{
    Budget, Finding, Source, bias, dual, gap, hessian, moment, shape, smoothness,
};

type AnyNorm = Arc<dyn Norm<f64>>;

fn norm(text: &str) -> AnyNorm {
    norms::build(&text.parse().unwrap()).unwrap().into()
}

fn problem(text: &str) -> Built<f64> {
    problems::build(&text.parse().unwrap()).unwrap()
}

fn budget(evaluations: u64, draws: usize, seed: u64) -> Budget {
    Budget { evaluations, draws, seed, ..Budget::default() }
}

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).unwrap()
}

fn claim(sigma: f64, p: f64) -> moment::Claim {
    moment::Claim { sigma: NoiseScale::new(sigma).unwrap(), p: order(p) }
}

fn stands(finding: &Finding, what: &str) {
    assert!(finding.witness.is_none(), "{what}: {}", finding.witness.as_ref().unwrap().text);
    let ratio = finding.tried.best_ratio.unwrap_or(0.0);
    assert!(ratio <= 1.0, "{what}: {ratio}");
}

/// Every registered problem, the digits apart (their gradients are long sums).
fn registered() -> Vec<(String, Built<f64>)> {
    let entries = problems::entries::<f64>().into_iter().filter(|entry| entry.name != "digits");
    let tables = entries.flat_map(|entry| (entry.examples)().into_iter().take(2));
    tables.map(|table| (table.to_string().replace('\n', " "), problems::build(&table).unwrap())).collect()
}

const NORMS: [&str; 4] =
    ["name = 'spectral'", "name = 'max-entry'", "name = 'schatten'\nq = 3", "name = 'sum-col-l2'"];

#[test]
fn the_own_constants_of_every_registered_problem_stand() {
    for (name, built) in registered() {
        let f = built.problem();
        for (k, text) in NORMS.iter().enumerate() {
            let norm = norm(text);
            for seed in [1, 2] {
                let what = format!("{name} in {}, seed {seed}", norm.label());
                let budget = budget(500, 0, seed);
                let l = f.smoothness(&*norm).unwrap().constant();
                stands(&smoothness::falsify(f, &*norm, l, budget).unwrap(), &format!("L of {what}"));
                let rho = f.hessian_lipschitz(&*norm).unwrap().constant();
                stands(&hessian::falsify(f, &*norm, rho, budget).unwrap(), &format!("rho of {what}"));
                if k == 0 {
                    let delta = f.gap().unwrap().delta();
                    stands(&gap::falsify(f, delta, budget).unwrap(), &format!("gap of {what}"));
                    stands(
                        &shape::falsify(f, None, f.dimensions(), budget).unwrap(),
                        &format!("shape of {what}"),
                    );
                }
            }
        }
    }
}

#[test]
fn a_smoothness_constant_two_percent_too_small_is_broken_where_it_is_attained() {
    let cases = [
        ("name = 'quadratic'\nrows = 4\ncolumns = 6\nleft_condition = 10.0", "name = 'spectral'"),
        ("name = 'quadratic'\nrows = 4\ncolumns = 6\nleft_condition = 10.0", "name = 'frobenius'"),
        ("name = 'quadratic'\nrows = 4\ncolumns = 6\nleft_condition = 10.0", "name = 'nuclear'"),
        ("name = 'quadratic'\nrows = 4\ncolumns = 6\nleft_condition = 10.0", "name = 'sum-entries'"),
        ("name = 'quadratic'\nrows = 4\ncolumns = 6\nleft_condition = 10.0", "name = 'schatten'\nq = 4"),
        ("name = 'curvature-ramp'\nrows = 3\ncolumns = 5", "name = 'spectral'"),
        ("name = 'curvature-ramp'\nrows = 3\ncolumns = 5\nlength = 20.0", "name = 'max-entry'"),
        ("name = 'cosine'\nrows = 3\ncolumns = 4\ndistance = 4.0", "name = 'spectral'"),
        ("name = 'cosine'\nrows = 3\ncolumns = 4\nwidth = 0.1", "name = 'max-row-l2'"),
        ("name = 'log-cosh'\nrows = 3\ncolumns = 4\ndistance = 9.0", "name = 'max-entry'"),
    ];
    for (text, in_norm) in cases {
        let (built, norm) = (problem(text), norm(in_norm));
        let f = built.problem();
        let l = f.smoothness(&*norm).unwrap().constant();
        for seed in [1, 2] {
            let budget = budget(2000, 0, seed);
            let what = format!("{text} in {}", norm.label());
            let finding = smoothness::falsify(f, &*norm, 0.98 * l, budget).unwrap();
            let witness = finding.witness.unwrap_or_else(|| panic!("{what}: {:?}", finding.tried));
            // Evaluated again, from its matrices alone.
            let [x, y, w] = ["X", "Y", "W"].map(|m| witness.matrix(m).unwrap());
            assert!(smoothness::measure(f, &*norm, x, y, w, 0.98 * l).unwrap().breaks(), "{what}");
            assert!(!smoothness::measure(f, &*norm, x, y, w, l).unwrap().breaks(), "{what}");
            stands(&smoothness::falsify(f, &*norm, l, budget).unwrap(), &what);
        }
    }
}

/// A quadratic in its own words whose gradient may be laid out wrongly: f(X) = sum c_ij x_ij^2/2.
#[derive(Debug)]
struct Layout {
    transposed: bool,
    wrong_hessian: bool,
}

const SIDE: usize = 3;

fn curvature(i: usize, j: usize) -> f64 {
    1.0 + (2 * i + 5 * j) as f64 / 4.0
}

impl Problem<f64> for Layout {
    fn name(&self) -> &str {
        "layout"
    }
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(SIDE, SIDE).unwrap()
    }
    fn start(&self) -> Matrix<f64> {
        Matrix::from_fn(SIDE, SIDE, |i, j| 1.0 - (i + 3 * j) as f64 / 5.0)
    }
    fn objective(&self, x: &Matrix<f64>) -> f64 {
        let all = (0..SIDE).flat_map(|i| (0..SIDE).map(move |j| (i, j)));
        all.map(|(i, j)| 0.5 * curvature(i, j) * x[(i, j)] * x[(i, j)]).sum()
    }
    fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let g = Matrix::from_fn(SIDE, SIDE, |i, j| curvature(i, j) * x[(i, j)]);
        if self.transposed { g.transposed() } else { g }
    }
    fn hessian_action(&self, _: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
        if self.wrong_hessian {
            return Matrix::zeros(SIDE, SIDE);
        }
        self.gradient(z)
    }
    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }
    fn smoothness(&self, norm: &dyn Norm<f64>) -> Result<Smoothness, ProblemError> {
        Ok(Smoothness::new(curvature(SIDE - 1, SIDE - 1), norm.label())?)
    }
    fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
        Ok(HessianLipschitz::new(0.0, norm.label())?)
    }
}

#[test]
fn a_transposed_shape_and_a_transposed_gradient_are_found() {
    let built = problem("name = 'quadratic'\nrows = 3\ncolumns = 5");
    let transposed = Dimensions::new(5, 3).unwrap();
    let finding = shape::falsify(built.problem(), None, transposed, budget(500, 0, 1)).unwrap();
    let witness = finding.witness.unwrap();
    assert_eq!(witness.law, shape::SIDES);
    assert!(shape::measure_sides(witness.matrix("A").unwrap(), transposed).breaks());

    let examine = |transposed, wrong_hessian| {
        let f = Layout { transposed, wrong_hessian };
        shape::falsify(&f, None, f.dimensions(), budget(2000, 0, 1)).unwrap()
    };
    stands(&examine(false, false), "the right layout");
    assert_eq!(examine(true, false).witness.unwrap().law, shape::GRADIENT);
    assert_eq!(examine(false, true).witness.unwrap().law, shape::HESSIAN);
}

#[test]
fn a_hessian_that_is_wrong_does_not_hide_a_smoothness_constant_that_is_too_small() {
    let f = Layout { transposed: false, wrong_hessian: true };
    let frobenius = norm("name = 'frobenius'");
    let l = curvature(SIDE - 1, SIDE - 1);
    let finding = smoothness::falsify(&f, &*frobenius, 0.98 * l, budget(4000, 0, 1)).unwrap();
    assert!(finding.is_broken(), "{:?}", finding.tried);
}

/// The notes on the Hessian action, of the search for L and of that for rho.
fn notes(wrong_hessian: bool) -> [Vec<String>; 2] {
    let f = Layout { transposed: false, wrong_hessian };
    let (frobenius, budget) = (norm("name = 'frobenius'"), budget(1000, 0, 1));
    let found = [
        smoothness::falsify(&f, &*frobenius, 10.0, budget).unwrap(),
        hessian::falsify(&f, &*frobenius, 1.0, budget).unwrap(),
    ];
    found.map(|finding| finding.tried.notes)
}

#[test]
fn the_search_for_l_says_that_a_hessian_action_was_not_used() {
    let [told, right] = [true, false].map(|wrong| notes(wrong)[0].clone());
    assert!(told.iter().any(|note| note.contains("Hessian action disagrees")), "{told:?}");
    assert!(right.is_empty(), "{right:?}");
}

#[test]
fn the_search_for_rho_says_that_a_hessian_action_was_not_used() {
    let [told, right] = [true, false].map(|wrong| notes(wrong)[1].clone());
    assert!(told.iter().any(|note| note.contains("Hessian action disagrees")), "{told:?}");
    assert!(right.is_empty(), "{right:?}");
}

#[test]
fn a_claim_too_small_for_a_plain_number_is_not_printed_as_zero() {
    let f = Layout { transposed: false, wrong_hessian: false };
    let frobenius = norm("name = 'frobenius'");
    let text = |finding: Finding| finding.witness.unwrap().text;
    let l = text(smoothness::falsify(&f, &*frobenius, 1e-308, budget(500, 0, 1)).unwrap());
    assert!(l.contains("the claim allows 1e-308"), "{l}");
    let delta = text(gap::falsify(&f, 1e-308, budget(500, 0, 1)).unwrap());
    assert!(delta.contains("the claim allows 1e-308"), "{delta}");
}

#[test]
fn rho_and_the_gap_two_percent_too_small_are_broken_where_they_are_attained() {
    for (text, in_norm) in [
        ("name = 'curvature-ramp'\nrows = 3\ncolumns = 4", "name = 'spectral'"),
        ("name = 'curvature-ramp'\nrows = 3\ncolumns = 4", "name = 'frobenius'"),
        ("name = 'cosine'\nrows = 2\ncolumns = 3\ndistance = 2.0", "name = 'sum-entries'"),
    ] {
        let (built, norm) = (problem(text), norm(in_norm));
        let f = built.problem();
        let rho = f.hessian_lipschitz(&*norm).unwrap().constant();
        let finding = hessian::falsify(f, &*norm, 0.98 * rho, budget(3000, 0, 1)).unwrap();
        let witness = finding.witness.unwrap_or_else(|| panic!("{text} {in_norm}: {:?}", finding.tried));
        let [x, y, z, w] = ["X", "Y", "Z", "W"].map(|m| witness.matrix(m).unwrap());
        assert!(hessian::measure(f, &*norm, [x, y], z, w, 0.98 * rho).unwrap().breaks());
        assert!(!hessian::measure(f, &*norm, [x, y], z, w, rho).unwrap().breaks());
    }
    for text in ["name = 'quadratic'\nrows = 4\ncolumns = 5", "name = 'log-cosh'\nrows = 2\ncolumns = 3"] {
        let built = problem(text);
        let f = built.problem();
        let delta = f.gap().unwrap().delta();
        let finding = gap::falsify(f, 0.98 * delta, budget(2000, 0, 1)).unwrap();
        let x = finding
            .witness
            .unwrap_or_else(|| panic!("{text}: {:?}", finding.tried))
            .matrix("X")
            .unwrap()
            .clone();
        assert!(gap::measure(f, &x, 0.98 * delta).breaks() && !gap::measure(f, &x, delta).breaks());
    }
}

#[test]
fn a_quadratic_whose_hessian_is_claimed_constant_stands_and_a_cosine_does_not() {
    let frobenius = norm("name = 'frobenius'");
    let quadratic = problem("name = 'quadratic'\nrows = 3\ncolumns = 4");
    stands(&hessian::falsify(quadratic.problem(), &*frobenius, 0.0, budget(2000, 0, 1)).unwrap(), "rho = 0");
    let cosine = problem("name = 'cosine'\nrows = 3\ncolumns = 4");
    assert!(hessian::falsify(cosine.problem(), &*frobenius, 0.0, budget(2000, 0, 1)).unwrap().is_broken());
}

#[test]
fn every_registered_norm_has_the_dual_norm_that_it_claims_on_wide_tall_and_thin_matrices() {
    for norm in norms::entries::<f64>().iter().flat_map(|e| (e.examples)()) {
        for (rows, columns) in [(2, 4), (4, 2), (1, 3)] {
            let d = Dimensions::new(rows, columns).unwrap();
            stands(
                &dual::falsify(&*norm, d, budget(300, 0, 1)).unwrap(),
                &format!("{} on {d}", norm.label()),
            );
        }
    }
}

#[test]
fn a_dual_norm_off_by_a_factor_and_another_norms_dual_are_broken() {
    let d = Dimensions::new(3, 4).unwrap();
    let build = |text: &str| norms::build::<f64>(&text.parse().unwrap()).unwrap();
    let claimed = |factor: f64, name: &str| {
        let scaled = format!("name = 'scaled'\nfactor = {factor:?}\nnorm = {{ name = '{name}' }}");
        dual::ClaimedDual::new(build("name = 'spectral'"), build(&scaled))
    };
    for (factor, name, law) in [
        (0.98, "nuclear", dual::HOELDER),
        (1.02, "nuclear", dual::ATTAINMENT),
        (1.0, "spectral", dual::HOELDER),
        (1.0, "frobenius", dual::HOELDER),
        (1.0, "sum-entries", dual::ATTAINMENT),
    ] {
        let norm = claimed(factor, name);
        let witness = dual::falsify(&norm, d, budget(2000, 0, 1)).unwrap().witness.unwrap();
        assert_eq!(witness.law, law, "{factor} {name}");
        let [s, x] = ["S", "X"].map(|m| witness.matrix(m).unwrap());
        assert!(dual::measure(&norm, law, s, x).unwrap().breaks());
    }
    stands(&dual::falsify(&claimed(1.0, "nuclear"), d, budget(2000, 0, 1)).unwrap(), "the nuclear norm");
}

#[test]
fn a_claimed_dual_is_sign_invariant_exactly_where_norm_and_claim_both_are() {
    let build = |text: &str| norms::build::<f64>(&text.parse().unwrap()).unwrap();
    let (spectral, nuclear) = ("name = 'spectral'", "name = 'nuclear'");
    // No registered norm minds signs but the weighted ones.
    let left = "left = [[2.0, 1.0], [1.0, 2.0]]\nright = [[1.0, 0.0], [0.0, 1.0]]";
    let weighted = format!("name = 'weighted'\nnorm = {{ name = 'spectral' }}\n{left}");
    assert!(!build(&weighted).is_sign_invariant());
    for (norm, dual, both) in
        [(spectral, nuclear, true), (spectral, weighted.as_str(), false), (&weighted, nuclear, false)]
    {
        let claimed = dual::ClaimedDual::new(build(norm), build(dual));
        assert_eq!(claimed.is_sign_invariant(), both, "{norm} with {dual}");
    }
}

const RANK_ONE: &str = "direction = 'rank-one'\nscale = 0.5";

fn sampling(problem_text: &str, noise: &str) -> Sampling<f64> {
    Sampling::from_table(problem(problem_text), &noise.parse().unwrap(), &*norm("name = 'frobenius'"))
        .unwrap()
}

const QUADRATIC: &str = "name = 'quadratic'\nrows = 3\ncolumns = 4";

#[test]
fn the_true_moment_of_every_noise_stands_and_no_unbiased_oracle_is_called_biased() {
    let own = Dimensions::new(3, 4).unwrap();
    let noises = heavynorm::noise::entries::<f64>();
    let tables = noises.iter().flat_map(|entry| (entry.examples)().into_iter().step_by(2));
    for table in tables {
        let spectral = norm("name = 'spectral'");
        let sampling = Sampling::from_table(problem(QUADRATIC), &table, &*spectral).unwrap();
        assert_eq!(sampling.problem().dimensions(), own);
        let p = order(1.4);
        let Some(sigma) = sampling.noise_moment(&*spectral, p).unwrap().noise_scale(p) else { continue };
        for seed in [1, 2] {
            let source = Source::of(&sampling, seed);
            let (claim, budget) = (moment::Claim { sigma, p }, budget(300, 600, seed));
            let what = table.to_string();
            stands(&moment::falsify(sampling.problem(), &*spectral, &source, claim, budget).unwrap(), &what);
            stands(
                &bias::falsify(sampling.problem(), &*spectral, &source, Some(claim), budget).unwrap(),
                &what,
            );
        }
    }
}

#[test]
fn a_sigma_stated_in_another_norm_is_broken() {
    let (spectral, frobenius) = (norm("name = 'spectral'"), norm("name = 'frobenius'"));
    // Samples, closed form and enumeration: dense Gaussian entries, whose nuclear norm is only bounded; a diagonal of gated signs.
    for (noise, p) in [
        ("name = 'gaussian'\ndirection = 'full'\nscale = 0.5", 2.0),
        ("name = 'bernoulli-gated'\nprobability = 0.5\ndirection = 'diagonal'\nscale = 1.0", 1.5),
    ] {
        let sampling = sampling(QUADRATIC, noise);
        let sigma =
            sampling.noise_moment(&*frobenius, order(p)).unwrap().noise_scale(order(p)).unwrap().sigma();
        for seed in [1, 2] {
            let source = Source::of(&sampling, seed);
            let f = sampling.problem();
            let find = |norm: &AnyNorm| {
                moment::falsify(f, &**norm, &source, claim(sigma, p), budget(1000, 2000, seed)).unwrap()
            };
            stands(&find(&frobenius), noise);
            let witness = find(&spectral).witness.expect(noise);
            if noise.contains("gaussian") {
                assert_eq!(witness.law, moment::SAMPLED);
            } else {
                assert_eq!(witness.law, moment::ENUMERATED);
            }
        }
    }
}

#[test]
fn a_moment_that_is_infinite_is_broken_by_what_the_noise_states() {
    let sampling = sampling(QUADRATIC, &format!("name = 'pareto'\ntail_index = 1.4\n{RANK_ONE}"));
    let frobenius = norm("name = 'frobenius'");
    let source = Source::of(&sampling, 1);
    let find = |p| {
        moment::falsify(sampling.problem(), &*frobenius, &source, claim(1e3, p), budget(300, 400, 1)).unwrap()
    };
    assert_eq!(find(1.5).witness.unwrap().law, moment::STATED);
    stands(&find(1.2), "below the tail index");
}

#[test]
fn a_clipped_oracle_is_biased_by_enumeration_and_by_samples() {
    let spectral = norm("name = 'spectral'");
    let clip = |c| Clipping::new(Arc::clone(&spectral), c).unwrap();
    let listed =
        sampling(QUADRATIC, "name = 'bernoulli-gated'\nprobability = 0.5\ndirection = 'spike'\nscale = 1.0");
    let heavy = sampling(QUADRATIC, &format!("name = 'pareto'\ntail_index = 1.8\n{RANK_ONE}"));
    for seed in [1, 2] {
        for (sampling, law) in [(&listed, bias::ENUMERATED), (&heavy, bias::SAMPLED)] {
            let f = sampling.problem();
            let source = Source::clipped(sampling, seed, clip(0.3));
            let claim = claim(2.0, 1.5);
            let witness =
                bias::falsify(f, &*spectral, &source, Some(claim), budget(1000, 3000, seed)).unwrap().witness;
            assert_eq!(witness.expect(law).law, law);
            let honest = Source::of(sampling, seed);
            let own = sampling.noise_moment(&*spectral, order(1.5)).unwrap().noise_scale(order(1.5)).unwrap();
            let own = moment::Claim { sigma: own, p: order(1.5) };
            stands(&bias::falsify(f, &*spectral, &honest, Some(own), budget(1000, 3000, seed)).unwrap(), law);
        }
    }
    // Without a moment nothing is tested, and the finding says so.
    let source = Source::clipped(&heavy, 1, clip(0.3));
    let finding = bias::falsify(heavy.problem(), &*spectral, &source, None, budget(300, 300, 1)).unwrap();
    assert!(finding.witness.is_none() && finding.tried.notes.iter().any(|n| n.contains("no test of a mean")));
}

/// A user's oracle of which nothing is known: gradients of [`Layout`] plus signs, in one entry a little more often up.
struct Own {
    up: u64,
    calls: u64,
}

impl StochasticOracle<f64> for Own {
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(SIDE, SIDE).unwrap()
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        self.calls += 1;
        // A permutation of 0..16 in turn: up of 16 signs are positive.
        let sign = if self.calls * 7 % 16 < self.up { 1.0 } else { -1.0 };
        let mut g = Layout { transposed: false, wrong_hessian: false }.gradient(x);
        g[(1, 2)] += sign;
        Ok(g)
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        Ok((self.query(x)?, self.query(y)?))
    }
    fn calls(&self) -> u64 {
        self.calls
    }
}

#[test]
fn a_users_own_oracle_is_examined_by_samples() {
    let f = Layout { transposed: false, wrong_hessian: false };
    let frobenius = norm("name = 'frobenius'");
    let find = |up| {
        let source = Source::sampled(move |stream| Box::new(Own { up, calls: stream % 16 }));
        bias::falsify(&f, &*frobenius, &source, Some(claim(1.0, 2.0)), budget(300, 6000, 1)).unwrap()
    };
    stands(&find(8), "as many up as down");
    assert_eq!(find(11).witness.unwrap().law, bias::SAMPLED);
}
