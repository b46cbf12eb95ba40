"""Grade a submission: from the student's file to a mark in the gradebook.

Grading makes five calls for each submission, in this order. No call uses an earlier one again:

    read      course_admin.submissions.read          find the notebook and repair it
    execute   course_admin.grading.run_notebook      run it in the sandbox; the exams collect evidence from its code
    score     course_admin.grading.scoring           convert the exam results to points
    store     course_admin.grading.store             write points to the gradebook, notebook and evidence to files
    render    course_admin.feedback.render           make the feedback page for the student

`course grade` (command) makes these calls for many submissions in parallel. `nbgrader autograde` and
`generate_feedback` make them for one submission after another (course_admin.nbgrader_plugins).
"""
