"""The document names what programs are made of, and nothing else."""

import unittest

import sbom


class Bom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cargo, cls.sums = sbom.metadata(), sbom.checksums()
        cls.document = sbom.document(cls.cargo, cls.sums)

    def test_what_is_linked_is_in_it_and_what_is_for_tests_is_not(self):
        names = {part["name"] for part in self.document["components"]}
        for name in ("launcher", "world", "async-nats", "rusqlite", "tokio", "serde_json"):
            self.assertIn(name, names)
        for name in ("system-tests", "bench", "nats-process", "jsonschema", "rcgen", "winapi"):
            self.assertNotIn(name, names)

    def test_whatever_comes_from_outside_has_a_licence_and_a_hash(self):
        for part in self.document["components"]:
            self.assertTrue(part["licenses"][0]["expression"], part)
            is_ours = (part["name"], part["version"]) not in self.sums
            self.assertEqual("hashes" not in part, is_ours, part)
            if not is_ours:
                self.assertRegex(part["hashes"][0]["content"], "^[0-9a-f]{64}$")

    def test_every_dependency_is_a_component(self):
        known = {part["bom-ref"] for part in self.document["components"]}
        for row in self.document["dependencies"]:
            self.assertTrue(row["ref"] == "shoal" or row["ref"] in known)
            self.assertLessEqual(set(row["dependsOn"]), known)
        roots = self.document["dependencies"][0]["dependsOn"]
        self.assertEqual(len(roots), 4)

    def test_the_same_tree_gives_the_same_document(self):
        self.assertEqual(sbom.document(self.cargo, self.sums), self.document)


if __name__ == "__main__":
    unittest.main()
