"""`course guide`: the teacher's guide of each lab, made from the lab, its checks, its corpora and docs/guide/."""
