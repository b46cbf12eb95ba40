"""Plugins for nbgrader, which nbgrader_config.py names.

With them, stock nbgrader grades like `course grade` and makes the same release as `course build`
(release.PlainMetadata). Each of the five calls has a plugin in nbgrader's commands:

    read      read.TolerantReader       c.Autograde.exporter_class
    execute   execute.CourseExecute     c.Autograde.autograde_preprocessors
    score     score.ScoreExams          the same
    store     store.StoreMarks          the same
    render    course_admin.feedback     c.GenerateFeedback.preprocessors and c.HTMLExporter.filters

late.ChargeLateness runs between store and render.
"""
