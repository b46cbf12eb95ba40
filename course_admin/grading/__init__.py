"""From a submission to a mark in the gradebook.

One submission goes through five calls, in this order; none calls back into an earlier one:

    read      course_admin.submissions.read          find the notebook and repair it
    execute   course_admin.grading.run_notebook      run it in the sandbox, while the exams ask its code for evidence
    score     course_admin.grading.scoring           from the exams' results to points
    store     course_admin.grading.store             points into the gradebook; notebook and evidence into files
    render    course_admin.feedback.render           the page that the student reads

`course grade` (command) makes these calls for many submissions at a time, `nbgrader autograde` and
`generate_feedback` for one after the other (course_admin.nbgrader_plugins).
"""
