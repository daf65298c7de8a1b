# test: 8e
# says: the mean goes over the wrong axis
/^inline std::vector<double> mean_opinion_scores/a std::vector<double> wrong; for (const auto\& rater : ratings) { double sum = 0; for (double v : rater) sum += v; wrong.push_back(sum / double(rater.size())); } return wrong;
