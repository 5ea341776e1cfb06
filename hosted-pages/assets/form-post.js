// Sends the one form of this page as soon as it is there.

document.getElementById("answer-form").submit()
