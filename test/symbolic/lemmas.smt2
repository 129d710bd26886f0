; Lemmas about vesting arithmetic, over the integers and so for any width. Each is stated as the search for a
; counterexample: z3 has to answer unsat. test/symbolic/VestingCurveChecks.t.sol uses them where a solver does not come to
; an end with divisions of 256 bits. By L0, and checks there of the factors at full width, nothing overflows: the
; contract's numbers are these integers.
(set-option :timeout 60000)
(set-logic QF_NIA)

; A schedule has `rest` to vest over `d` seconds, and `e <= f` seconds are over. floor(rest * e / d) is p, with the
; remainder u; floor(rest * f / d) is q, with the remainder v.
(declare-const rest Int) (declare-const d Int) (declare-const e Int) (declare-const f Int)
(declare-const p Int) (declare-const u Int) (declare-const q Int) (declare-const v Int)
(assert (and (>= rest 0) (> d 0) (>= e 0) (>= f e)))
(assert (and (= (* rest e) (+ (* p d) u)) (<= 0 u) (< u d)))
(assert (and (= (* rest f) (+ (* q d) v)) (<= 0 v) (< v d)))

(push) ; L0: a product of 128 and 32 bits has 160.
(assert (and (< rest 340282366920938463463374607431768211456) (< e 4294967296)))
(assert (not (< (* rest e) 1461501637330902918203684832716283019655932542976)))
(check-sat)
(pop)

(push) ; L1: before the end no more than the rest has vested.
(assert (< e d))
(assert (not (and (<= 0 p) (<= p rest))))
(check-sat)
(pop)

(push) ; L2: what has vested never falls.
(assert (not (<= p q)))
(check-sat)
(pop)

(push) ; L3: the next unlock. After e seconds p has vested; g = ceil((p + 1) * d / rest) is the first second with more.
; Here f is g - 1, and h with the remainder w is floor(rest * g / d).
(declare-const g Int) (declare-const m Int) (declare-const h Int) (declare-const w Int)
(assert (> rest 0))
(assert (< e d))
; g = floor(((p + 1) * d - 1) / rest) + 1, as Math.ceilDiv computes it.
(assert (and (= (- (* (+ p 1) d) 1) (+ (* (- g 1) rest) m)) (<= 0 m) (< m rest)))
(assert (and (= (* rest g) (+ (* h d) w)) (<= 0 w) (< w d)))
(push) ; It is later than now, and not after the end.
(assert (not (and (> g e) (=> (< p rest) (<= g d)))))
(check-sat)
(pop)
(push) ; By then more has vested.
(assert (not (> h p)))
(check-sat)
(pop)
(push) ; A second before it has not.
(assert (= f (- g 1)))
(assert (not (= q p)))
(check-sat)
(pop)
(pop)

(push) ; L4: two schedules of one category. The category's curve never says less than its schedules together, and at
; most one wei more than the two of them, so with n schedules less than n wei.
(declare-const rest2 Int) (declare-const p2 Int) (declare-const u2 Int) (declare-const s Int) (declare-const x Int)
(assert (>= rest2 0))
(assert (and (= (* rest2 e) (+ (* p2 d) u2)) (<= 0 u2) (< u2 d)))
(assert (and (= (* (+ rest rest2) e) (+ (* s d) x)) (<= 0 x) (< x d)))
(assert (not (and (<= (+ p p2) s) (<= s (+ p p2 1)))))
(check-sat)
(pop)
