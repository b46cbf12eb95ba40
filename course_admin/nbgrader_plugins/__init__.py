"""The classes that nbgrader_config.py names, so that stock nbgrader grades as `course grade` does and releases as
`course build` does (release.PlainMetadata).

The five calls, each behind a plugin of nbgrader's commands:

    read      read.TolerantReader       c.Autograde.exporter_class
    execute   execute.CourseExecute     c.Autograde.autograde_preprocessors
    score     score.ScoreExams          the same
    store     store.StoreMarks          the same
    render    course_admin.feedback     c.GenerateFeedback.preprocessors and c.HTMLExporter.filters

late.ChargeLateness is between store and render.
"""
