"""The exams of 00_template are its checks, course_utils/checks/template/; here are cases that students must not see."""

from sklearn.preprocessing import StandardScaler

from course_admin.grading.exams import corner


@corner("standardise", far_from_zero=(0.2, "holds for numbers far from zero"))
def standardise(c):
    # Large offsets, where E[x^2] - E[x]^2 loses all its digits in float32.
    answer = c.call("numbers around 10,000", X=10_000 + 3 * c.rng.normal(size=(40, 3)))
    c.agrees("far_from_zero", answer, lambda X: StandardScaler().fit_transform(X), within=(1e-2, 1e-2))
