"""Markdown as GitHub renders it: cmark-gfm with its extensions, then what its sanitiser leaves."""

import subprocess

from bs4 import BeautifulSoup

# The allow list of GitHub's html-pipeline (SanitizationFilter), as far as Markdown can make such elements.
ELEMENTS = (
    "html head body h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody tfoot "
    "blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo "
    "cite dfn mark small source span time wbr input"
)
ATTRIBUTES = "href src alt title align width height open lang dir type checked disabled colspan rowspan start"
DROPPED_WHOLE = [
    "script",
    "style",
    "svg",
    "iframe",
    "object",
    "embed",
    "math",
    "textarea",
    "title",
    "xmp",
    "noembed",
    "plaintext",
]


def as_github(text):
    command = [
        "cmark-gfm",
        "--unsafe",
        "--github-pre-lang",
        *["-e", "table", "-e", "tasklist", "-e", "autolink", "-e", "tagfilter"],
    ]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return BeautifulSoup(done.stdout.decode(), "html5lib")


def sanitised(soup):
    """The same page, changed in place, without what GitHub does not allow."""
    for element in soup.find_all(DROPPED_WHOLE):
        element.decompose()
    for element in soup.find_all(True):
        if element.name not in ELEMENTS.split():
            element.unwrap()
            continue
        for name in list(element.attrs):
            leads_out = name in ("src", "href") and element[name].split(":")[0].lower() in ("data", "javascript")
            if name not in ATTRIBUTES.split() or leads_out:
                del element[name]
    return soup
