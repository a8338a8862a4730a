"""Downloads an archive, unpacks it into a folder, and prints the headers, with the standard
library alone.

Usage: download.py URL FOLDER
"""

import io
import json
import sys
import tarfile
import urllib.request


def main(url, folder):
    with urllib.request.urlopen(url, timeout=120) as answer:
        body = answer.read()
        headers = {name.lower(): value for name, value in answer.headers.items()}
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
    print(json.dumps({"headers": headers, "bytes": len(body)}))


main(*sys.argv[1:])
