# test: 8b
# says: fake is not detached
s/fake.detach()/fake/
