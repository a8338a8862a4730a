"""Tests of nkeys.py: known keys, and what is none."""

import unittest

import nkeys


class Keys(unittest.TestCase):
    def test_the_public_key_is_that_of_rfc_8032(self):
        for secret, public in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
        ]:
            self.assertEqual(nkeys.public_bytes(bytes.fromhex(secret)).hex(), public)

    def test_a_new_key_is_a_users(self):
        seed = nkeys.make_seed()
        self.assertRegex(seed, "^SU[A-Z2-7]{56}$")
        self.assertRegex(nkeys.public_key(f"{seed}\n"), "^U[A-Z2-7]{55}$")
        self.assertNotEqual(seed, nkeys.make_seed())

    def test_what_is_no_seed_is_refused_without_a_word_of_it(self):
        seed = nkeys.make_seed()
        flipped = seed[:20] + ("A" if seed[20] != "A" else "B") + seed[21:]
        for text in ["", "SU", seed[:-1], flipped, nkeys.public_key(seed), "not base32!"]:
            with self.assertRaises(ValueError) as refused:
                nkeys.public_key(text)
            self.assertFalse(text and text in str(refused.exception))


if __name__ == "__main__":
    unittest.main()
